package server

import "time"

// SetLastAnswers changes how long requests have to respond once a stop has no more time for them.
func (s *Server) SetLastAnswers(d time.Duration) { s.last = d }
