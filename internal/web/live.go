package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sse"
)

// maxWatched is how many competitions one page may follow; live.js requests no more.
const maxWatched = 100

// live serves a page's event stream: the server's clock once, then the seats of the page's competitions and the
// viewer's unread messages, whenever they change.
func (a *app) live(r *http.Request, v *visit) (response, error) {
	ids := r.URL.Query()["c"]
	if len(ids) > maxWatched {
		return nil, errBadForm
	}
	actor := v.actor // the stream outlives the request and must not retain it
	page, err := a.pages.Open(r.Context(), actor,
		slices.DeleteFunc(ids, func(id string) bool { return !compete.ValidID(id) })...)
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		leave := func() {}
		sse.Serve(v.w, r, func(stream sse.Stream) {
			page.Start(stream, event("clock", strconv.FormatInt(a.Clock().UnixMilli(), 10)))
			if actor.LoggedIn() {
				leave = a.viewers.join(actor, page)
			}
		}, func() {
			leave()
			page.Leave()
		})
		return nil
	}, nil
}

func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
