package compete

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"
)

// startedStore has competitions that have started, some of which can't be counted.
type startedStore struct {
	ApplicationStore
	left    []Competition
	failing map[string]bool
}

var errUncounted = errors.New("can't be counted")

func (s *startedStore) StartedUndecided(_ context.Context, _ time.Time, limit int) ([]Competition, error) {
	return slices.Clone(s.left[:min(limit, len(s.left))]), nil
}

func (s *startedStore) DecisionCounts(_ context.Context, id string) (n DecisionCounts, err error) {
	if s.failing[id] {
		err = errUncounted
	}
	return n, err
}

func (s *startedStore) ToldUndecided(_ context.Context, id string, _ *Message, _ time.Time) error {
	s.left = slices.DeleteFunc(s.left, func(c Competition) bool { return c.ID == id })
	return nil
}

// TestFailuresHoldUpNoOtherOrganizer: more competitions fail than are looked at together, and started before the rest.
func TestFailuresHoldUpNoOtherOrganizer(t *testing.T) {
	s := &startedStore{failing: map[string]bool{}}
	const failing = 2*tellPage + 1
	for i := range failing + 2*tellPage {
		c := Competition{ID: strconv.Itoa(i)}
		s.left = append(s.left, c)
		s.failing[c.ID] = i < failing
	}
	a := Applications{ApplicationsConfig{Runtime: Runtime{Clock: time.Now}, Store: s}}
	if _, err := a.TellUndecided(t.Context()); !errors.Is(err, errUncounted) {
		t.Errorf("got %v, want the failures", err)
	}
	if len(s.left) != failing {
		t.Errorf("%d competitions are left, want the %d that fail", len(s.left), failing)
	}
}
