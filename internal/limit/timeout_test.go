package limit

import "time"

// WithTimeout gives Redis this long to answer, on a machine that is too busy for askTimeout.
func (r *Redis) WithTimeout(timeout time.Duration) *Redis {
	r.timeout = timeout
	return r
}
