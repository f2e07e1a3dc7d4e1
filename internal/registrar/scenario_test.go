package registrar_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// A scenario is one competition, "cup", in an in-memory ledger, with people identified by name. The registration of
// "ada" has the id "ada's", and the organizer is "olga".
type scenario struct {
	ledger *memoryLedger
	*registrar.Registrar

	mu     sync.Mutex
	now    time.Time
	nextID string // id of the next registration; empty means a number
	ids    int
	seqs   map[int64]string // who was given each Seq
}

const cup = "cup"

var morning = time.Date(2030, 6, 12, 9, 0, 0, 0, time.UTC)

// newScenario creates a competition with two seats and a waitlist, a deadline in an hour and a start in a day, and
// applies change to it.
func newScenario(change func(*compete.Competition)) *scenario {
	start := morning.Add(24 * time.Hour)
	c := compete.Competition{
		ID: cup,
		CompetitionContent: compete.CompetitionContent{
			Title: "Spring Cup", Capacity: 2, Waitlist: true, TimeZone: "UTC",
			RegDeadline: morning.Add(time.Hour), StartDate: &start, Visibility: compete.VisibilityPublic,
		},
		SeatsLeft: 2, Status: compete.StatusPublished, Organizer: compete.Organizer{ID: "olga"}, Version: 1,
	}
	if change != nil {
		change(&c)
	}
	return &scenario{ledger: newMemoryLedger(c), now: morning, seqs: map[int64]string{}}
}

// start runs the committer until the test ends.
func (s *scenario) start(t *testing.T, config registrar.Config) {
	t.Helper()
	config.Ledger, config.Clock, config.NewID = s.ledger, s.clock, s.newID
	config.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	s.Registrar = registrar.New(config)
	s.Start()
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
}

func (s *scenario) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scenario) newID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := s.nextID; id != "" {
		s.nextID = ""
		return id
	}
	s.ids++
	return fmt.Sprint("id ", s.ids)
}

func (s *scenario) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func actor(name string) compete.Actor {
	roles := map[string]compete.Role{
		"olga": compete.RoleOrganizer, "oscar": compete.RoleOrganizer,
		"root": compete.RoleAdmin,
	}
	if role := roles[name]; role != "" {
		return compete.Actor{UserID: name, Role: role}
	}
	return compete.Actor{UserID: name, Role: compete.RoleParticipant}
}

// A step is a command and its expected answer: either the text from say, or an error.
type step struct {
	what string
	do   func(ctx context.Context, s *scenario) (answer string, err error)
	want string
	err  error
}

func (st step) gets(answer string) step {
	st.want = answer
	return st
}

func (st step) fails(err error) step {
	st.err = err
	return st
}

// run executes the step and checks its answer.
func (st step) run(t *testing.T, s *scenario) {
	answer, err := st.do(t.Context(), s)
	if !errors.Is(err, st.err) || st.err == nil && err != nil {
		t.Errorf("%s: error %v, want %v", st.what, err, st.err)
	} else if err == nil && st.want != "" && answer != st.want {
		t.Errorf("%s: got %q, want %q", st.what, answer, st.want)
	}
}

// say describes an outcome: status, place in line, and whether it was replayed.
func say(o compete.RegistrationOutcome) string {
	answer := string(o.Registration.Status)
	if o.Registration.Position > 0 {
		answer += fmt.Sprint(" at ", o.Registration.Position)
	}
	if o.Replayed {
		answer += " again"
	}
	return answer
}

func register(name string) step { return registerWith(name, "", "") }

// registerWith sends an idempotency key and a stand-in for the rest of the request.
func registerWith(name, key, request string) step {
	return registerAs(name, compete.RegisterCommand{
		Idempotency: compete.Idempotency{Key: key, RequestHash: request},
	})
}

func registerIn(name, divisionID string) step {
	return registerAs(name, compete.RegisterCommand{Entry: compete.Entry{DivisionID: divisionID}})
}

func registerAs(name string, c compete.RegisterCommand) step {
	return step{what: name + " registers", do: func(ctx context.Context, s *scenario) (string, error) {
		s.mu.Lock()
		s.nextID = name + "'s"
		s.mu.Unlock()
		c.Actor, c.CompetitionID = actor(name), cup
		o, err := s.Register(ctx, c)
		if err == nil {
			s.mu.Lock()
			s.seqs[o.Registration.Seq] = name
			s.mu.Unlock()
		}
		return say(o), err
	}}
}

// addWith has staff add a person.
func addWith(by, name string, entry compete.Entry, overCapacity bool) step {
	return step{what: by + " adds " + name, do: func(ctx context.Context, s *scenario) (string, error) {
		s.mu.Lock()
		s.nextID = name + "'s"
		s.mu.Unlock()
		o, err := s.Add(ctx, compete.AddCommand{
			Actor: actor(by), CompetitionID: cup, Person: actor(name), OverCapacity: overCapacity,
			Entry: entry,
		})
		if err == nil {
			s.mu.Lock()
			s.seqs[o.Registration.Seq] = name
			s.mu.Unlock()
		}
		return say(o), err
	}}
}

func cancel(name string) step { return cancelBy(name, name, compete.CancelCommand{}) }

// cancelBy cancels a person's registration on behalf of somebody, with the options in c.
func cancelBy(by, name string, c compete.CancelCommand) step {
	return step{what: by + " cancels " + name, do: func(ctx context.Context, s *scenario) (string, error) {
		c.Actor, c.RegistrationID = actor(by), name+"'s"
		o, err := s.Cancel(ctx, c)
		return say(o), err
	}}
}

func unblockBy(by, name string) step {
	return step{what: by + " unblocks " + name, do: func(ctx context.Context, s *scenario) (string, error) {
		_, err := s.Unblock(ctx, compete.UnblockCommand{Actor: actor(by), RegistrationID: name + "'s"})
		return "", err
	}}
}

func update(by string, version int, change compete.CompetitionChange) step {
	return step{what: by + " updates", do: func(ctx context.Context, s *scenario) (string, error) {
		c, err := s.Update(ctx, compete.UpdateCommand{
			Actor: actor(by), CompetitionID: cup,
			Version: version, Change: change,
		})
		return fmt.Sprintf("version %d, %d of %d left, %d wait", c.Version, c.SeatsLeft, c.Capacity, c.Waitlisted), err
	}}
}

func capacity(n int) step {
	return update("olga", 0, compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = n }})
}

func callOff(by string) step {
	return step{what: by + " cancels the competition", do: func(ctx context.Context, s *scenario) (string, error) {
		c, err := s.CancelCompetition(ctx, compete.CancelCompetitionCommand{Actor: actor(by), CompetitionID: cup})
		return string(c.Status), err
	}}
}

func transfer(by, to string) step {
	return step{what: by + " transfers to " + to, do: func(ctx context.Context, s *scenario) (string, error) {
		c, err := s.Transfer(ctx, compete.TransferCommand{
			Actor: actor(by), CompetitionID: cup,
			To: compete.Organizer{ID: to},
		})
		return "to " + c.Organizer.ID, err
	}}
}

func erase(name string, registrations ...string) step {
	return step{
		what: "the account of " + name + " is erased",
		do: func(ctx context.Context, s *scenario) (string, error) {
			return "", s.Erase(ctx, compete.EraseCommand{UserID: name, RegistrationIDs: registrations})
		},
	}
}

func later(d time.Duration) step {
	return step{what: fmt.Sprint(d, " pass"), do: func(_ context.Context, s *scenario) (string, error) {
		s.pass(d)
		return "", nil
	}}
}

// each runs the steps one after the other, each in its own batch.
func (s *scenario) each(t *testing.T, steps []step) {
	for _, st := range steps {
		st.run(t, s)
	}
}

// together runs the steps in one batch: the committer is held up until all of them are queued.
func (s *scenario) together(t *testing.T, steps []step) {
	release := make(chan struct{})
	s.ledger.before = func() error { <-release; return nil }
	defer func() { s.ledger.before = nil }()
	var everybody sync.WaitGroup
	everybody.Go(func() { _, _ = s.Settle(t.Context(), "no competition") }) // holds up the committer
	synctest.Wait()
	for _, st := range steps {
		everybody.Go(func() { st.run(t, s) })
		synctest.Wait() // wait until it is queued
	}
	close(release)
	everybody.Wait()
}

// standing describes the registrations in order of Seq, with each person's status and cancellation reason, and the
// counts.
func (s *scenario) standing() string {
	var people []string
	for _, r := range inOrderOfSeq(s.ledger.registrations) {
		status := string(r.Status)
		if r.CancelReason != "" {
			status += " " + string(r.CancelReason)
		}
		people = append(people, fmt.Sprintf("%d %s %s", r.Seq, r.UserID, status))
	}
	c := s.ledger.competitions[cup]
	return fmt.Sprintf("%s; %d left, %d wait", strings.Join(people, ", "), c.SeatsLeft, c.Waitlisted)
}

// messages lists recipients and their messages, sorted.
func (s *scenario) messages() string {
	var all []string
	for _, changes := range s.ledger.changes {
		for _, job := range changes.Jobs {
			notify, ok := job.(compete.NotifyJob)
			if !ok {
				continue
			}
			for _, n := range notify.Notices {
				all = append(all, string(n.Kind)+" "+s.seqs[n.Seq])
			}
			for _, run := range notify.Runs {
				for seq := run.First; seq <= run.Last; seq++ {
					all = append(all, string(run.Kind)+" "+s.seqs[seq])
				}
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// log lists the audit records: action, person and actor.
func (s *scenario) log() []string {
	var lines []string
	for _, changes := range s.ledger.changes {
		for _, r := range changes.Audit {
			line := string(r.Action)
			if r.SubjectID != "" {
				line += " " + r.SubjectID
			}
			if r.ActorID != "" {
				line += " by " + r.ActorID
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// wantCounts checks that the competition's counts match the registrations, and that every Seq was assigned once.
func (s *scenario) wantCounts(t *testing.T) {
	t.Helper()
	c := s.ledger.competitions[cup]
	held, waiting, seqs := 0, 0, map[int64]bool{}
	for _, r := range s.ledger.registrations {
		if r.Status.HoldsSeat() {
			held++
		}
		if r.Status == waitlisted {
			waiting++
		}
		if seqs[r.Seq] || r.Seq >= c.NextSeq {
			t.Errorf("seq %d is given twice, or next", r.Seq)
		}
		seqs[r.Seq] = true
	}
	for _, d := range c.Divisions {
		held, waiting := 0, 0
		for _, r := range s.ledger.registrations {
			if r.DivisionID == d.ID {
				held += r.Seats()
				if r.Status == waitlisted {
					waiting++
				}
			}
		}
		if d.Registered() != held || d.SeatsLeft < 0 || d.Waitlisted != waiting {
			t.Errorf("division %s: %d of %d seats are left and %d wait; %d are held and %d wait", d.Name, d.SeatsLeft,
				d.Capacity, d.Waitlisted, held, waiting)
		}
	}
	if c.Registered() != held || c.SeatsLeft < 0 || c.Waitlisted != waiting {
		t.Errorf("%d of %d seats are left and %d wait; %d are held and %d wait", c.SeatsLeft, c.Capacity,
			c.Waitlisted, held, waiting)
	}
}
