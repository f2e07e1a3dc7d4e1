package jobs

import (
	"fmt"
	"log/slog"
	"net/http"

	"riverqueue.com/riverui"
)

// Console returns River's job console, which shows every queue and job and can retry, cancel and delete jobs. It has no
// access control of its own, and is served below prefix, such as "/admin/jobs".
//
// Its handler is never started: it would count all jobs every ten seconds, on SQLite through the connection that writes
// registrations, though hardly anybody looks. Without that, it counts, up to a bound, when somebody looks.
func (c *Client) Console(prefix string) (http.Handler, error) {
	console, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(c.river, nil),
		Logger:    slog.New(quiet{c.config.Logger.Handler()}),
		Prefix:    prefix,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the job console: %w", err)
	}
	return console, nil
}
