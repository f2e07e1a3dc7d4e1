package web

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

// tellings is a page that records its events.
type tellings struct {
	told  []string
	ended bool
}

func (p *tellings) Tell(event string) { p.told = append(p.told, event) }
func (p *tellings) End()              { p.ended = true }

func (p *tellings) want(t *testing.T, when string, events ...string) {
	t.Helper()
	if len(p.told) != len(events) || len(events) > 0 && p.told[len(events)-1] != events[len(events)-1] {
		t.Errorf("%s a page was told %q, want %q", when, p.told, events)
	}
	p.told = nil
}

const (
	two   = "event: unread\ndata: 2\n\n"
	three = "event: unread\ndata: 3\n\n"
	mine  = "event: mine\ndata: changed\n\n"
)

func TestViewersAreToldOnceOfEachChange(t *testing.T) {
	ada := compete.Actor{UserID: "ada", SessionID: "session"}
	news := map[string]compete.News{"ada": {Unread: 2, Removed: 5}}
	var asked []string
	loggedOut := false
	vs := newViewers(func(_ context.Context, users []string) (map[string]compete.News, error) {
		asked = users
		return news, nil
	}, func(actor compete.Actor) bool { return actor == ada && loggedOut }, slog.New(slog.DiscardHandler))
	var first, second tellings
	leaveFirst, leaveSecond := vs.join(ada, &first), vs.join(ada, &second)

	vs.round(t.Context())
	first.want(t, "at first", two)
	second.want(t, "at first", two)
	vs.round(t.Context())
	first.want(t, "without a change")
	news["ada"] = compete.News{Unread: 3, Removed: 5}
	vs.round(t.Context())
	second.want(t, "after a message", three)
	news["ada"] = compete.News{Unread: 3, Removed: 6}
	vs.round(t.Context())
	second.want(t, "after a removal", mine)
	if first.ended {
		t.Error("a page ended before its login did")
	}
	loggedOut = true
	vs.round(t.Context())
	if !first.ended || !second.ended {
		t.Error("the login has ended, but its pages have not")
	}

	loggedOut = false
	news["ada"] = compete.News{Unread: 3, Removed: 6, Lately: 1}
	var late tellings
	leaveLate := vs.join(ada, &late)
	vs.round(t.Context())
	late.want(t, "opened about when a removal was", three, mine)
	vs.round(t.Context())
	late.want(t, "after that")
	leaveLate()

	leaveFirst()
	leaveSecond()
	asked = nil
	vs.round(t.Context())
	if len(asked) > 0 {
		t.Errorf("with no page open %v were asked for, want nobody", asked)
	}
}

func TestViewersOutliveAFailure(t *testing.T) {
	failing := true
	vs := newViewers(func(context.Context, []string) (map[string]compete.News, error) {
		if failing {
			return nil, errors.New("away")
		}
		return map[string]compete.News{"ada": {Unread: 2}}, nil
	}, func(compete.Actor) bool { return false }, slog.New(slog.DiscardHandler))
	var page tellings
	defer vs.join(compete.Actor{UserID: "ada"}, &page)()
	vs.round(t.Context())
	page.want(t, "while the database is away")
	failing = false
	vs.round(t.Context())
	page.want(t, "once it is back", two)
}
