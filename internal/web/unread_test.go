package web

import (
	"context"
	"errors"
	"log/slog"
	"testing"
)

func TestUnreadHubTellsEachPageOnceOfEachChange(t *testing.T) {
	counts := map[string]int{"ada": 2}
	var asked []string
	hub := newUnreadHub(func(_ context.Context, users []string) (map[string]int, error) {
		asked = users
		return counts, nil
	}, slog.New(slog.DiscardHandler))
	first, leaveFirst := hub.join("ada")
	second, leaveSecond := hub.join("ada")
	defer leaveSecond()

	hub.refresh(t.Context())
	wantCount(t, "the first page at first", first, 2)
	wantCount(t, "the second page at first", second, 2)

	hub.refresh(t.Context())
	wantNoCount(t, "without a change", first)

	counts["ada"] = 3
	hub.refresh(t.Context())
	counts["ada"] = 0
	hub.refresh(t.Context())
	wantCount(t, "a page that was slow gets the newest", first, 0)
	wantNoCount(t, "and nothing older", first)

	leaveFirst()
	leaveSecond()
	asked = nil
	hub.refresh(t.Context())
	if asked != nil {
		t.Errorf("with no page open %v were asked for, want nobody", asked)
	}
}

func TestUnreadHubOutlivesAFailure(t *testing.T) {
	failing := true
	hub := newUnreadHub(func(context.Context, []string) (map[string]int, error) {
		if failing {
			return nil, errors.New("away")
		}
		return map[string]int{"ada": 1}, nil
	}, slog.New(slog.DiscardHandler))
	page, leave := hub.join("ada")
	defer leave()
	hub.refresh(t.Context())
	wantNoCount(t, "while the database is away", page)
	failing = false
	hub.refresh(t.Context())
	wantCount(t, "once it is back", page, 1)
}

func wantCount(t *testing.T, when string, page <-chan int, want int) {
	t.Helper()
	select {
	case got := <-page:
		if got != want {
			t.Errorf("%s: %d unread, want %d", when, got, want)
		}
	default:
		t.Errorf("%s: nothing was told, want %d", when, want)
	}
}

func wantNoCount(t *testing.T, when string, page <-chan int) {
	t.Helper()
	select {
	case got := <-page:
		t.Errorf("%s: %d was told, want nothing", when, got)
	default:
	}
}
