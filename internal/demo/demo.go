// Package demo fills an empty Mini Compete with something to look at: accounts of every role, competitions in every
// phase, and registrations that came in over the past weeks. All of it goes through the services and a registrar, like
// anything else.
//
// It owns what the demo says and shows. Whether it may be added is decided by the command line.
package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/minicompete/minicompete/internal/compete"
)

// Password is that of every demo account.
const Password = "password123"

// Registrar is what the demo starts and stops itself; *registrar.Registrar is one.
type Registrar interface {
	Start()
	Stop(ctx context.Context) error
	Release(ctx context.Context, competitionID string) (more bool, err error)
	Draw(ctx context.Context, competitionID string) (more bool, err error)
}

// Seats are the services through which the demo gives and takes seats, and their registrar.
type Seats struct {
	Competitions  *compete.Competitions
	Registrations *compete.Registrations
	Applications  *compete.Applications
	Teams         *compete.Teams
	Draws         *compete.Draws
	Registrar     Registrar
}

// Config names what the demo is added to.
type Config struct {
	Users     compete.UserStore
	Passwords compete.PasswordHasher
	Clock     func() time.Time
	NewID     func() string
	// Open makes services that stamp what they do by the given clock, so that registrations can lie in the past.
	Open func(clock func() time.Time) Seats
}

// seeder adds the demo at moments of its own choosing.
type seeder struct {
	Config
	Seats
	now   time.Time // when the demo was begun; every date is relative to it
	clock atomic.Pointer[time.Time]

	organizers   []compete.Actor
	participants []compete.Actor // those that can be logged in to
	crowd        []compete.Actor // everybody else who registers
}

// Seed adds the demo data once: it reports false, and adds nothing, when they are there. After a failure it goes on
// where it was.
func Seed(ctx context.Context, c Config) (added bool, err error) {
	_, _, err = c.Users.UserByEmail(ctx, adminEmail) // the last account that is made
	if !errors.Is(err, compete.ErrUserMissing) {
		return false, err
	}
	s := &seeder{Config: c, now: compete.UTC(c.Clock())}
	s.at(s.now)
	s.Seats = c.Open(func() time.Time { return *s.clock.Load() })
	s.Registrar.Start()
	err = s.seed(ctx)
	if stopErr := s.Registrar.Stop(ctx); err == nil {
		err = stopErr
	}
	if err != nil {
		return false, fmt.Errorf("add the demo data: %w", err)
	}
	return true, nil
}

func (s *seeder) at(t time.Time) {
	t = compete.UTC(t)
	s.clock.Store(&t)
}

func (s *seeder) seed(ctx context.Context) error {
	// One hash for all: they have one password, and a hash takes a quarter of a second.
	hash, err := s.Passwords.Hash(ctx, Password)
	if err != nil {
		return err
	}
	if err := s.accounts(ctx, hash); err != nil {
		return err
	}
	for i, plan := range plans {
		if err := s.competition(ctx, i, plan); err != nil {
			return fmt.Errorf("%q: %w", plan.title, err)
		}
	}
	if err := s.pastLottery(ctx); err != nil {
		return fmt.Errorf("the lottery that is over: %w", err)
	}
	_, err = s.account(ctx, adminEmail, adminName, compete.RoleAdmin, hash)
	return err
}

func (s *seeder) accounts(ctx context.Context, hash string) error {
	for _, group := range []struct {
		people []person
		role   compete.Role
		actors *[]compete.Actor
	}{
		{organizers, compete.RoleOrganizer, &s.organizers},
		{participants, compete.RoleParticipant, &s.participants},
		{crowd(), compete.RoleParticipant, &s.crowd},
	} {
		for _, p := range group.people {
			actor, err := s.account(ctx, p.email, p.name, group.role, hash)
			if err != nil {
				return err
			}
			*group.actors = append(*group.actors, actor)
		}
	}
	return nil
}

func (s *seeder) account(
	ctx context.Context, email, name string, role compete.Role, hash string,
) (compete.Actor, error) {
	created := s.now.AddDate(0, -1, 0)
	user := compete.User{
		ID: s.NewID(), Email: email, Name: name, Role: role, CreatedAt: created, UpdatedAt: created,
		VerifiedAt: &created,
	}
	err := s.Users.CreateUser(ctx, user, hash)
	if errors.Is(err, compete.ErrEmailTaken) { // from a run that was cut short
		user, _, err = s.Users.UserByEmail(ctx, email)
	}
	return compete.Actor{UserID: user.ID, Role: user.Role}, err
}

func (s *seeder) competition(ctx context.Context, number int, p plan) error {
	published := s.now.Add(-p.published)
	s.at(published)
	c, _, err := s.Competitions.Create(ctx, s.organizers[p.organizer], p.competition(s.now),
		// so that it is made once
		compete.Idempotency{Key: fmt.Sprintf("demo-competition-%d", number), RequestHash: p.title})
	if err != nil {
		return err
	}
	if err := s.registrations(ctx, p, &c); err != nil {
		return err
	}
	s.at(s.now)
	if p.added > 0 {
		change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity += p.added }}
		if _, err := s.Competitions.Update(ctx, s.organizers[p.organizer], c.ID, 0, change); err != nil {
			return err
		}
	}
	if len(p.askedLater) > 0 {
		if err := s.ask(ctx, p, c.ID); err != nil {
			return err
		}
	}
	if p.review {
		if err := s.review(ctx, s.organizers[p.organizer], c.ID); err != nil {
			return err
		}
	}
	switch p.end {
	case endsClosed:
		_, err = s.Competitions.Update(ctx, s.organizers[p.organizer], c.ID, 0,
			compete.CompetitionChange{CloseNow: true})
	case endsCancelled:
		_, err = s.Competitions.Cancel(ctx, s.organizers[p.organizer], c.ID)
	case staysOpen:
	}
	return err
}

// waves is how many moments the registrations of a competition are spread over.
const waves = 10

// registrations come in since the competition was published, many at first and fewer later; the participants come last.
func (s *seeder) registrations(ctx context.Context, p plan, c *compete.Competition) error {
	people := slices.Clone(s.crowd[p.firstOfCrowd : p.firstOfCrowd+p.registered])
	for _, n := range p.participants {
		people = append(people, s.participants[n])
	}
	if len(people) == 0 {
		return nil
	}
	size, arrived := (len(people)+waves-1)/waves, 0
	teams := teaming{plan: p}
	for wave := range slices.Chunk(people, size) {
		before := arrived
		arrived += len(wave)
		share := float64(arrived) / float64(len(people)+1)
		s.at(s.now.Add(-p.published).Add(time.Duration(share * share * float64(p.published))))
		group, ctx := errgroup.WithContext(ctx)
		if p.team != nil {
			group.SetLimit(1) // one joins the team of another
		}
		for i, actor := range wave {
			entry := entryOf(c, before+i)
			entry.AccessCode = compete.AccessCode(p.accessCode)
			group.Go(func() error {
				if p.team != nil {
					return teams.next(ctx, s, c, actor, before+i)
				}
				return s.registration(ctx, actor, c.ID, entry, p.waverers && i == 2)
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// ask adds questions after people have registered, some of whom have answered them since.
func (s *seeder) ask(ctx context.Context, p plan, competitionID string) error {
	change := compete.CompetitionChange{Questions: compete.Some(p.askedLater)}
	if _, err := s.Competitions.Update(ctx, s.organizers[p.organizer], competitionID, 0, change); err != nil {
		return err
	}
	for i := 0; i < p.registered; i += 2 {
		actor := s.crowd[p.firstOfCrowd+i]
		mine, err := s.Registrations.MineFor(ctx, actor, competitionID)
		if err == nil {
			_, err = s.Registrations.Edit(ctx, actor, mine.ID, answers(p.askedLater, i/2))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entryOf is what the nth to register fills in: two of three choose the first division.
func entryOf(c *compete.Competition, n int) compete.Entry {
	entry := compete.Entry{Answers: answers(c.Questions, n)}
	if len(c.Divisions) == 0 {
		return entry
	}
	division := 0
	if n%3 == 1 {
		division = 1 % len(c.Divisions)
	}
	entry.DivisionID = c.Divisions[division].ID
	return entry
}

// registration registers somebody; a waverer changes their mind at once.
func (s *seeder) registration(
	ctx context.Context, actor compete.Actor, competitionID string, entry compete.Entry, waverer bool,
) error {
	outcome, err := s.Registrations.Register(ctx, actor, competitionID, entry, compete.Idempotency{})
	if errors.Is(err, compete.ErrAlreadyRegistered) { // from a run that was cut short
		return nil
	}
	if err == nil && waverer {
		_, err = s.Registrations.Cancel(ctx, actor, outcome.Registration.ID)
	}
	return err
}
