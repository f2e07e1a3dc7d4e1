package jobs

import (
	"fmt"
	"log/slog"
	"net/http"

	"riverqueue.com/riverui"
)

// Console is River's job console: every queue and job, with ways to retry, cancel and delete. It has no guard of its
// own and is served below prefix, such as "/admin/jobs".
//
// Its handler is never started: that would count all jobs every ten seconds, on SQLite over the connection that
// registrations are written with, though hardly ever somebody looks. Without that it counts, up to a bound, when it is
// looked at.
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
