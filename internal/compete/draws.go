package compete

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/normal"
)

// DrawStore stores draws. Statuses are only changed through the Registrar.
type DrawStore interface {
	// Draw returns the draw of a competition; without one yet, the zero value with the source QUICKNET.
	Draw(ctx context.Context, competitionID string) (Draw, error)
	// SetDrawSource locks a competition and saves the source, unless check fails. It fails with ErrCompetitionMissing.
	SetDrawSource(ctx context.Context, competitionID string, source DrawSource, now time.Time,
		check func(c *Competition) error) error
	// SetTickets locks a competition and saves tickets of people who have applied, all or none. It returns those of the
	// addresses that have no application. It fails with the error of check, or ErrCompetitionMissing.
	SetTickets(ctx context.Context, competitionID string, items []TicketItem, now time.Time,
		check func(c *Competition) error) (unknown []string, err error)
	// Unapplied returns those of the addresses that have no application in a competition.
	Unapplied(ctx context.Context, competitionID string, emails []string) ([]string, error)
	// Tickets lists up to limit people who have applied, in order of arrival after the Seq in cursor's Key, with their
	// tickets.
	Tickets(ctx context.Context, competitionID string, cursor Cursor, limit int) (Page[TicketHolder], error)
	// DueDraws lists up to limit published competitions whose lottery isn't over although the deadline passed at least
	// ArrivalGrace ago. Those that are suspended, have started or wait for staff to enter a value aren't among them.
	DueDraws(ctx context.Context, now time.Time, limit int) (competitionIDs []string, err error)
	// ListApplications locks a competition, closes its list, adds the next n applications to it, each with a reference
	// from newRef, and reports whether there are more. It does nothing if the list is complete. It fails with the error
	// of check, or ErrCompetitionMissing.
	ListApplications(ctx context.Context, competitionID string, n int, now time.Time, newRef func() string,
		check func(c *Competition) error) (more bool, err error)
	// DrawList returns the list in ascending order of references.
	DrawList(ctx context.Context, competitionID string) ([]draw.Entry, error)
	// Freeze saves the hash of the list, the number of entries, and the round, with a message unless it is nil. Only
	// the first call has an effect.
	Freeze(ctx context.Context, d Draw, m *Message) error
	// SaveRandomness saves what the source said, with DrawnAt. Only the first call has an effect, and it reports
	// whether this was it. by is the actor; empty for quicknet.
	SaveRandomness(ctx context.Context, d Draw, by string) (first bool, err error)
	// SavePlaces gives references their places: the first is at place first, the next follow.
	SavePlaces(ctx context.Context, competitionID string, refs []string, first int) error
	// Ordered notes that all places are saved, so that the registrar can assign seats.
	Ordered(ctx context.Context, competitionID string, now time.Time) error
	// DrawOrder returns the references in drawn order; none before places were saved.
	DrawOrder(ctx context.Context, competitionID string) ([]string, error)
	// DrawEntry returns a user's entry, or where seats are for teams that of the user's team; nil without one.
	DrawEntry(ctx context.Context, competitionID, userID string) (*DrawEntry, error)
}

// DrawsConfig lists the dependencies of NewDraws.
type DrawsConfig struct {
	Runtime
	Store        DrawStore
	Users        UserStore
	Competitions *Competitions
	Wording      AccountWording
	Beacon       draw.Beacon
}

// Draws handles the draws of lotteries.
type Draws struct{ config DrawsConfig }

// NewDraws creates the service. It panics if a dependency is missing.
func NewDraws(c DrawsConfig) *Draws {
	mustBeComplete(c)
	return &Draws{c}
}

// DrawState is what a viewer may know about a draw.
type DrawState struct {
	Draw
	Mine *DrawEntry // nil without an entry
}

// StateOf returns the state of the draw of a competition that the actor may see. It fails with ErrNotDrawn if there is
// no draw.
func (s *Draws) StateOf(ctx context.Context, a Actor, c *Competition) (state DrawState, err error) {
	if !c.Drawn() {
		return state, ErrNotDrawn
	}
	if state.Draw, err = s.config.Store.Draw(ctx, c.ID); err != nil || !a.LoggedIn() || state.FrozenAt == nil {
		return state, err
	}
	state.Mine, err = s.config.Store.DrawEntry(ctx, c.ID, a.UserID)
	return state, err
}

// SetSource chooses the source of randomness, for staff. Errors: Invalid, those of Competitions.changeable and
// Competition.CheckDrawOpen.
func (s *Draws) SetSource(ctx context.Context, a Actor, competitionID string, source DrawSource) error {
	if _, err := s.config.Competitions.changeable(ctx, a, competitionID); err != nil {
		return err
	}
	source.Name = normal.Line(source.Name)
	if err := source.Check(); err != nil {
		return err
	}
	now := s.config.now()
	return s.config.Store.SetDrawSource(ctx, competitionID, source, now, s.open(a, now))
}

func (s *Draws) open(a Actor, now time.Time) func(c *Competition) error {
	return func(c *Competition) error {
		if err := c.CheckManager(a); err != nil {
			return err
		}
		return c.CheckDrawOpen(now)
	}
}

// EnterValue enters what the named source said, for staff. It can't be changed afterwards. Errors: Invalid, those of
// Competitions.changeable, ErrNotDrawn, ErrListOpen, ErrDrawn.
func (s *Draws) EnterValue(ctx context.Context, a Actor, competitionID, value string) error {
	c, err := s.config.Competitions.changeable(ctx, a, competitionID)
	if err != nil {
		return err
	}
	if !c.Drawn() {
		return ErrNotDrawn
	}
	value = DrawValue(value)
	if err := CheckDrawValue(value); err != nil {
		return err
	}
	d, err := s.config.Store.Draw(ctx, c.ID)
	switch {
	case err != nil:
		return err
	case d.Source.Kind != draw.SourceNamed:
		return ErrNotNamed
	case d.FrozenAt == nil:
		return ErrListOpen
	case d.DrawnAt != nil:
		return ErrDrawn
	}
	now := s.config.now()
	d.Value, d.DrawnAt = value, &now
	first, err := s.config.Store.SaveRandomness(ctx, d, a.UserID)
	if err == nil && !first {
		err = ErrDrawn
	}
	return err
}

// File returns all that is public about a draw. Errors: those of Competitions.Get, ErrNotDrawn, ErrListOpen.
func (s *Draws) File(ctx context.Context, a Actor, competitionID string) (f draw.File, err error) {
	c, err := s.config.Competitions.Get(ctx, a, competitionID)
	if err != nil {
		return f, err
	}
	if !c.Drawn() {
		return f, ErrNotDrawn
	}
	d, err := s.config.Store.Draw(ctx, c.ID)
	if err != nil {
		return f, err
	}
	if d.FrozenAt == nil {
		return f, ErrListOpen
	}
	f = draw.File{
		Format: draw.Format, CompetitionID: c.ID, FrozenAt: *d.FrozenAt, ListHash: d.ListHash, Source: d.source(),
	}
	if f.List, err = s.config.Store.DrawList(ctx, c.ID); err != nil || d.OrderedAt == nil {
		return f, err
	}
	randomness := d.randomness()
	f.Randomness = &randomness
	f.Order, err = s.config.Store.DrawOrder(ctx, c.ID)
	return f, err
}

// The sizes of what one transaction writes. Nobody waits for it longer than some tens of milliseconds.
const (
	listPage  = 250
	placePage = 250
	duePage   = 100
)

// The sources of several draws are asked at once, for a bounded time, so that none holds up the others for long.
const (
	askedAtOnce = 16
	askTime     = 20 * time.Second
)

// errNotDue stops a draw that was due when it was found: its competition has changed since.
var errNotDue = errors.New("the draw isn't due any more")

// Advance takes every lottery whose deadline has passed as far as it can go now: closes its list, freezes it, asks
// quicknet for the round that decides, and saves everybody's place. It returns those that are ready for
// Registrar.Draw. A failure of one doesn't hold up the others.
func (s *Draws) Advance(ctx context.Context) (ready []string, err error) {
	var failures []error
	seen := map[string]bool{}
	for more := true; more; {
		limit := len(seen) + duePage
		due, err := s.config.Store.DueDraws(ctx, s.config.now(), limit)
		if err != nil {
			return ready, errors.Join(append(failures, err)...)
		}
		more = len(due) == limit
		due = slices.DeleteFunc(due, func(id string) bool { return seen[id] })
		for _, id := range due {
			seen[id] = true
		}
		some, err := s.advanceAll(ctx, due)
		ready, failures = append(ready, some...), append(failures, err)
	}
	return ready, errors.Join(failures...)
}

// advanceAll is Advance for some that are due.
func (s *Draws) advanceAll(ctx context.Context, due []string) (ready []string, err error) {
	var failures []error
	failed := func(id string, err error) {
		if err != nil && !errors.Is(err, errNotDue) {
			failures = append(failures, fmt.Errorf("draw of competition %s: %w", id, err))
		}
	}
	draws := make([]Draw, 0, len(due))
	for _, id := range due {
		d, err := s.closeList(ctx, id)
		if err == nil {
			draws = append(draws, d)
		}
		failed(id, err)
	}
	for i, err := range s.askAll(ctx, draws) {
		failed(draws[i].CompetitionID, err)
	}
	for i := range draws {
		d := &draws[i]
		if d.DrawnAt == nil {
			continue
		}
		err := s.order(ctx, d)
		if err == nil {
			ready = append(ready, d.CompetitionID)
		}
		failed(d.CompetitionID, err)
	}
	return ready, errors.Join(failures...)
}

// closeList closes the list of a draw and freezes it, if the draw is due.
func (s *Draws) closeList(ctx context.Context, competitionID string) (d Draw, err error) {
	now := s.config.now()
	due := func(c *Competition) error {
		if !c.DrawDue(now) {
			return errNotDue
		}
		return nil
	}
	for more := true; more; {
		more, err = s.config.Store.ListApplications(ctx, competitionID, listPage, now, newRef, due)
		if err != nil {
			return d, err
		}
	}
	d, err = s.config.Store.Draw(ctx, competitionID)
	if err == nil && d.FrozenAt == nil {
		d, err = s.freeze(ctx, d)
	}
	return d, err
}

// askAll asks the sources of those draws that have no randomness yet. It returns the failures, in order of draws.
func (s *Draws) askAll(ctx context.Context, draws []Draw) []error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	failures := make([]error, len(draws))
	slots := make(chan struct{}, askedAtOnce)
	var all sync.WaitGroup
	for i := range draws {
		if draws[i].FrozenAt == nil || draws[i].DrawnAt != nil {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			failures[i] = s.ask(ctx, &draws[i])
		})
	}
	all.Wait()
	return failures
}

func newRef() string {
	var ref [draw.RefSize]byte
	_, _ = rand.Read(ref[:]) // never fails
	return hex.EncodeToString(ref[:])
}

// freeze fixes the list and the round that decides.
func (s *Draws) freeze(ctx context.Context, d Draw) (Draw, error) {
	list, err := s.config.Store.DrawList(ctx, d.CompetitionID)
	if err != nil {
		return d, err
	}
	now := s.config.now()
	d.ListHash, d.Entries, d.FrozenAt = draw.ListHash(list), len(list), &now
	var message *Message
	if d.Source.Kind == draw.SourceQuicknet {
		d.Round = draw.RoundAfter(now.Add(DrawNotice))
	} else if message, err = s.valueDue(ctx, &d); err != nil {
		return d, err
	}
	if err := s.config.Store.Freeze(ctx, d, message); err != nil {
		return d, err
	}
	return s.config.Store.Draw(ctx, d.CompetitionID) // another process may have been first
}

// valueDue returns the message that asks the organizer for the value of the draw's source.
func (s *Draws) valueDue(ctx context.Context, d *Draw) (*Message, error) {
	c, err := s.config.Competitions.config.Store.Competition(ctx, d.CompetitionID)
	if err != nil {
		return nil, err
	}
	organizer, err := s.config.Users.User(ctx, c.Organizer.ID)
	if err != nil {
		return nil, err
	}
	w, err := s.config.Wording.ValueDue(organizer, &c, d.Source.Name)
	m, err := accountMessages{s.config.Runtime, s.config.Wording}.worded(MessageValueDue, organizer, organizer.Email,
		w, err)
	return &m, err
}

// ask asks the source. The draw has no DrawnAt if it hasn't spoken yet.
func (s *Draws) ask(ctx context.Context, d *Draw) error {
	now := s.config.now()
	if d.Source.Kind != draw.SourceQuicknet || now.Before(draw.RoundTime(d.Round)) {
		return nil
	}
	randomness, err := s.config.Beacon.Round(ctx, d.Round)
	if errors.Is(err, draw.ErrNotYet) {
		return nil
	}
	if err != nil {
		return err
	}
	drawn := *d
	drawn.Signature, drawn.DrawnAt = randomness.Signature, &now
	if _, err := s.config.Store.SaveRandomness(ctx, drawn, ""); err != nil {
		return err
	}
	*d = drawn
	return nil
}

// order saves everybody's place, unless that was done before.
func (s *Draws) order(ctx context.Context, d *Draw) error {
	if d.OrderedAt != nil {
		return nil
	}
	randomness, err := d.source().Bytes(d.randomness())
	if err != nil {
		return err
	}
	list, err := s.config.Store.DrawList(ctx, d.CompetitionID)
	if err != nil {
		return err
	}
	order := draw.Order(list, randomness)
	for first := 0; first < len(order); first += placePage {
		page := order[first:min(first+placePage, len(order))]
		if err := s.config.Store.SavePlaces(ctx, d.CompetitionID, page, first+1); err != nil {
			return err
		}
	}
	return s.config.Store.Ordered(ctx, d.CompetitionID, s.config.now())
}
