package registrar_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// withTeams runs a test of a competition with teams of two to three, and seats for people.
func withTeams(t *testing.T, change func(*compete.Competition), test func(t *testing.T, s *scenario)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(func(c *compete.Competition) {
			c.Team = &compete.TeamRules{Min: 2, Max: 3, SeatUnit: compete.SeatPerPerson, DropIncomplete: true}
			if change != nil {
				change(c)
			}
		})
		s.start(t, registrar.Config{Sealer: plainSealer{}})
		test(t, s)
	})
}

func inTeam(choice compete.TeamChoice) compete.RegisterCommand {
	return compete.RegisterCommand{Entry: compete.Entry{Team: choice, LookingForTeam: true}}
}

func (s *scenario) codeOf(name string) compete.TeamChoice {
	return compete.TeamChoice{Code: s.teamCalled(name).Code(plainSealer{})}
}

// set changes a person's stored registration.
func (s *scenario) set(name string, status compete.RegistrationStatus) {
	r := s.ledger.registrations[name+"'s"]
	r.Status = status
	s.ledger.registrations[r.ID] = r
}

// TestCancelledWithManyMembers: members hold neither a seat nor a place in line where a team has one seat, and there
// are more of them than one transaction cancels.
func TestCancelledWithManyMembers(t *testing.T) {
	perTeam := func(c *compete.Competition) { c.Team.SeatUnit = compete.SeatPerTeam }
	withTeams(t, perTeam, func(t *testing.T, s *scenario) {
		registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
		const members = 600
		for i := range members {
			member := s.ledger.registrations["ada's"]
			member.ID, member.UserID, member.Seq = fmt.Sprint("member ", i), fmt.Sprint("person ", i), int64(i+2)
			member.Follows = true
			s.ledger.registrations[member.ID] = member
		}
		callOff("olga").run(t, s)
		for more := true; more; {
			var err error
			if more, err = s.Settle(t.Context(), cup); err != nil {
				t.Fatal(err)
			}
		}
		for id, r := range s.ledger.registrations {
			if r.Status != cancelled {
				t.Fatalf("%s is %s", id, r.Status)
			}
		}
	})
}

// TestTeamOfCancelledCaptain: the pages of a cancelled competition may have reached a captain, but not their team.
func TestTeamOfCancelledCaptain(t *testing.T) {
	withTeams(t, nil, func(t *testing.T, s *scenario) {
		registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
		registerAs("bob", inTeam(s.codeOf("red"))).run(t, s)
		c := s.ledger.competitions[cup]
		c.Status = compete.StatusCancelled
		s.ledger.competitions[cup] = c
		s.set("ada", cancelled)
		addWith("olga", "cleo", compete.Entry{Team: s.codeOf("red")},
			false).fails(compete.ErrCompetitionCancelled).run(t, s)
		registerAs("dan", inTeam(s.codeOf("red"))).fails(compete.ErrCompetitionCancelled).run(t, s)
	})
}

// TestDropPages: nobody gets a seat who is dropped on a later page, and those who get one hear it once.
func TestDropPages(t *testing.T) {
	withTeams(t, nil, func(t *testing.T, s *scenario) {
		const alone = 75
		for i := range alone {
			registerAs(fmt.Sprint("alone ", i), inTeam(compete.TeamChoice{})).run(t, s)
		}
		registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).gets("WAITLISTED at 74").run(t, s)
		registerAs("bob", inTeam(s.codeOf("red"))).gets("WAITLISTED at 75").run(t, s)
		s.pass(2 * time.Hour)
		must(t, s.DropIncomplete(t.Context(), cup))
		for name, status := range map[string]compete.RegistrationStatus{
			"ada": pending, "bob": pending, "alone 0": cancelled, "alone 74": cancelled,
		} {
			want(t, name, s.ledger.registrations[name+"'s"].Status, status)
		}
		messages := s.messages()
		if n := strings.Count(messages, "promoted"); n != 2 || strings.Count(messages, "incomplete_team") != alone {
			t.Errorf("%d were promoted, want 2: %s", n, messages)
		}
		s.wantCounts(t)
	})
}

// TestDropLooksAtEverybodyOnce: however many registrations there are, a transaction looks at a few of them to find
// those to drop, and not at those before again. Once nobody is left, all have been looked at once more.
func TestDropLooksAtEverybodyOnce(t *testing.T) {
	withTeams(t, nil, func(t *testing.T, s *scenario) {
		for i := range 40 {
			registerAs(fmt.Sprint("alone ", i), inTeam(compete.TeamChoice{})).run(t, s)
		}
		c := s.ledger.competitions[cup]
		c.NextSeq = 2001
		s.ledger.competitions[cup] = c
		registerAs("last", inTeam(compete.TeamChoice{})).run(t, s)
		s.pass(2 * time.Hour)
		must(t, s.DropIncomplete(t.Context(), cup))
		var places []string
		for _, q := range s.ledger.looked {
			places = append(places, fmt.Sprint(q.After, "-", q.Last))
		}
		want(t, "looked at", strings.Join(places, " "), "0-512 32-544 544-1056 1056-1568 1568-2080 "+
			"0-512 512-1024 1024-1536 1536-2048")
		want(t, "the last", s.ledger.registrations["last's"].Status, cancelled)
	})
}

// TestDropEndsInBetween: where decisions assign seats, those of dropped teams pass on although the process ends between
// two pages.
func TestDropEndsInBetween(t *testing.T) {
	const alone = 40
	review := func(c *compete.Competition) {
		c.Admission, c.Capacity, c.SeatsLeft = compete.AdmissionReview, alone, alone
	}
	withTeams(t, review, func(t *testing.T, s *scenario) {
		for i := range alone {
			name := fmt.Sprint("alone ", i)
			registerAs(name, inTeam(compete.TeamChoice{})).run(t, s)
			s.set(name, pending)
		}
		registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
		registerAs("bob", inTeam(s.codeOf("red"))).run(t, s)
		s.set("ada", waitlisted)
		s.set("bob", waitlisted)
		c := s.ledger.competitions[cup]
		c.SeatsLeft, c.Waitlisted = 0, 2
		s.ledger.competitions[cup] = c
		s.pass(2 * time.Hour)
		pages, died := 0, errors.New("the process ends")
		s.ledger.before = func() error {
			if pages++; pages > 1 {
				return died
			}
			return nil
		}
		if err := s.DropIncomplete(t.Context(), cup); err == nil {
			t.Fatal("the second page was done")
		}
		s.ledger.before = nil
		want(t, "after the first page", s.ledger.registrations["ada's"].Status, waitlisted)
		s.ledger.dropping = true
		for more, err := true, error(nil); more; {
			more, err = s.Settle(t.Context(), cup)
			must(t, err)
		}
		want(t, "settled while somebody may be dropped", s.ledger.registrations["ada's"].Status, waitlisted)
		must(t, s.DropIncomplete(t.Context(), cup))
		want(t, "ada", s.ledger.registrations["ada's"].Status, pending)
		want(t, "bob", s.ledger.registrations["bob's"].Status, pending)
		want(t, "seats that haven't passed on", s.ledger.freed[cup], 0)
		s.wantCounts(t)
	})
}

// TestDropInPause: where free seats pass on anyway, those of dropped teams aren't stored until a pause is over.
func TestDropInPause(t *testing.T) {
	withTeams(t, nil, func(t *testing.T, s *scenario) {
		for i := range 40 { // more than a page
			registerAs(fmt.Sprint("alone ", i), inTeam(compete.TeamChoice{})).run(t, s)
		}
		c := s.ledger.competitions[cup]
		c.Suspended = true
		s.ledger.competitions[cup] = c
		s.pass(2 * time.Hour)
		must(t, s.DropIncomplete(t.Context(), cup))
		want(t, "the first", s.ledger.registrations["alone 0's"].Status, cancelled)
		want(t, "stored seats", s.ledger.freed[cup], 0)
	})
}

// TestLateTeams: whoever has no team or one that is too small, less than 48 hours before the deadline, hears it after
// half of the time that is left.
func TestLateTeams(t *testing.T) {
	warnings := func(s *scenario) (all []string) {
		for _, changes := range s.ledger.changes {
			for _, job := range changes.Jobs {
				notify, ok := job.(compete.NotifyJob)
				if !ok || len(notify.Runs) == 0 || notify.Runs[0].Kind != compete.MessageTeamTooSmall {
					continue
				}
				for _, run := range notify.Runs {
					for seq := run.First; seq <= run.Last; seq++ {
						all = append(all, s.seqs[seq]+" in "+notify.Wait.String())
					}
				}
			}
		}
		return all
	}
	withTeams(t, func(c *compete.Competition) { c.RegDeadline = morning.Add(50 * time.Hour) },
		func(t *testing.T, s *scenario) {
			c := s.ledger.competitions[cup]
			c.StartDate, c.Capacity, c.SeatsLeft = nil, 9, 9
			s.ledger.competitions[cup] = c
			registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
			want(t, "before everybody is told", len(warnings(s)), 0)
			s.pass(10 * time.Hour)
			registerAs("bob", inTeam(s.codeOf("red"))).run(t, s)
			registerAs("cleo", inTeam(compete.TeamChoice{Name: "Blue"})).run(t, s)
			registerAs("dan", inTeam(compete.TeamChoice{})).run(t, s)
			s.pass(20 * time.Hour)
			cancel("bob").run(t, s)
			want(t, "warned", warnings(s), []string{"cleo in 20h0m0s", "dan in 20h0m0s", "ada in 10h0m0s"})
		})
}

// TestToldAboutTeams: new captains are told so, and whoever is taken out of a team and keeps their seat, each time.
func TestToldAboutTeams(t *testing.T) {
	withTeams(t, func(c *compete.Competition) { c.RegDeadline = morning.Add(500 * time.Hour) },
		func(t *testing.T, s *scenario) {
			c := s.ledger.competitions[cup]
			c.StartDate, c.Capacity, c.SeatsLeft = nil, 9, 9
			s.ledger.competitions[cup] = c
			registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
			registerAs("bob", inTeam(s.codeOf("red"))).run(t, s)
			member := func(by, userID string) compete.MemberCommand {
				return compete.MemberCommand{
					TeamCommand: compete.TeamCommand{
						Actor: actor(by), CompetitionID: cup, TeamID: s.teamCalled("Red").ID,
					}, UserID: userID,
				}
			}
			told := map[string]bool{}
			for range 2 {
				for _, hand := range []compete.MemberCommand{member("ada", "bob"), member("bob", "ada")} {
					_, err := s.HandOver(t.Context(), hand)
					must(t, err)
					s.pass(time.Minute)
				}
			}
			_, err := s.RemoveMember(t.Context(), member("ada", "bob"))
			must(t, err)
			want(t, "messages", s.messages(), "confirmed ada, confirmed bob, team_captain ada, team_captain ada, "+
				"team_captain bob, team_captain bob, team_left bob")
			for _, changes := range s.ledger.changes {
				for _, job := range changes.Jobs {
					for _, n := range job.(compete.NotifyJob).Notices {
						told[n.OccasionID] = true
					}
				}
			}
			want(t, "that are told apart", len(told), 5)
		})
}

// TestStaffReplaceMembers: where seats are for teams, staff put people into a team that it has been decided about. They
// get its status, and answer no offer themselves.
func TestStaffReplaceMembers(t *testing.T) {
	withTeams(t, func(c *compete.Competition) {
		c.Admission, c.OfferHours = compete.AdmissionReview, new(10)
		c.Team = &compete.TeamRules{Min: 1, Max: 2, SeatUnit: compete.SeatPerTeam}
	}, func(t *testing.T, s *scenario) {
		for _, name := range []string{"ada", "bob", "cleo"} {
			registerAs(name, inTeam(compete.TeamChoice{Name: name})).run(t, s)
		}
		until := morning.Add(10 * time.Hour)
		for name, status := range map[string]compete.RegistrationStatus{"ada": offered, "bob": rejected} {
			s.set(name, status)
		}
		r := s.ledger.registrations["ada's"]
		r.ConfirmBy = &until
		s.ledger.registrations["ada's"] = r
		c := s.ledger.competitions[cup]
		c.SeatsLeft--
		s.ledger.competitions[cup] = c
		into := func(by, team string) step {
			return step{what: by + " moves cleo", do: func(ctx context.Context, s *scenario) (string, error) {
				o, err := s.ChangeTeam(ctx, compete.ChangeTeamCommand{
					Actor: actor(by), RegistrationID: "cleo's",
					Change: compete.Some(compete.TeamChange{TeamChoice: s.codeOf(team)}),
				})
				return string(o.Registration.Status), err
			}}
		}
		into("cleo", "ada").fails(compete.ErrTeamClosed).run(t, s)
		into("olga", "bob").fails(compete.ErrTeamClosed).run(t, s)
		into("olga", "ada").gets("OFFERED").run(t, s)
		cleo := s.ledger.registrations["cleo's"]
		if !cleo.Follows || cleo.ConfirmBy == nil || !cleo.ConfirmBy.Equal(until) {
			t.Errorf("cleo's registration is %+v", cleo)
		}
		addWith("olga", "dan", compete.Entry{Team: s.codeOf("ada")}, false).fails(compete.ErrTeamFull).run(t, s)
		want(t, "seats left", s.ledger.competitions[cup].SeatsLeft, 1)
	})
}

// TestRejectedMembers: they don't count, are neither dropped nor told so, and become captain only after all others.
func TestRejectedMembers(t *testing.T) {
	review := func(c *compete.Competition) { c.Admission = compete.AdmissionReview }
	withTeams(t, review, func(t *testing.T, s *scenario) {
		registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
		for _, name := range []string{"bob", "cleo"} {
			registerAs(name, inTeam(s.codeOf("red"))).run(t, s)
			s.set(name, rejected)
		}
		registerAs("dan", inTeam(s.codeOf("red"))).gets("APPLIED").run(t, s)
		cancelBy("olga", "ada", compete.CancelCommand{}).run(t, s)
		want(t, "captain after the first", s.teamCalled("Red").CaptainID, "dan")
		s.pass(2 * time.Hour)
		must(t, s.DropIncomplete(t.Context(), cup))
		want(t, "the only one who wasn't rejected", s.ledger.registrations["dan's"].CancelReason,
			compete.CancelledIncomplete)
		want(t, "rejected", s.ledger.registrations["bob's"].Status, rejected)
		want(t, "captain after the last", s.teamCalled("Red").CaptainID, "bob")
		want(t, "told", strings.Count(s.messages(), "incomplete_team"), 1)
		s.wantCounts(t)
	})
}

// TestMoveWithRejected: whoever has only rejected people beside them changes division, and those leave the team.
func TestMoveWithRejected(t *testing.T) {
	division := func(id string) compete.Division {
		return compete.Division{DivisionContent: compete.DivisionContent{ID: id, Name: id, Capacity: 3}, SeatsLeft: 3}
	}
	withTeams(t, func(c *compete.Competition) {
		c.Admission, c.Divisions = compete.AdmissionReview, []compete.Division{
			division("long"), division("short"),
		}
	}, func(t *testing.T, s *scenario) {
		enter := func(name string, choice compete.TeamChoice) {
			command := inTeam(choice)
			command.Entry.DivisionID = "long"
			registerAs(name, command).gets("APPLIED").run(t, s)
		}
		enter("ada", compete.TeamChoice{Name: "Red"})
		enter("bob", s.codeOf("red"))
		move := step{what: "ada moves", do: func(ctx context.Context, s *scenario) (string, error) {
			o, err := s.Move(ctx, compete.MoveCommand{
				Actor: actor("ada"), RegistrationID: "ada's", DivisionID: "short",
			})
			return o.Registration.DivisionID, err
		}}
		move.fails(compete.ErrTeamDivision).run(t, s)
		s.set("bob", rejected)
		move.gets("short").run(t, s)
		want(t, "bob's team", s.ledger.registrations["bob's"].TeamID, "")
		want(t, "ada's team", s.ledger.registrations["ada's"].TeamID, s.teamCalled("Red").ID)
		s.wantCounts(t)
	})
}

// TestShutOut: whoever staff take out of a team, in any way, can't come back with the code they know. After members who
// leave by themselves, it stays.
func TestShutOut(t *testing.T) {
	leave := func(change compete.TeamChange) func(ctx context.Context, s *scenario, by string) error {
		return func(ctx context.Context, s *scenario, by string) error {
			_, err := s.ChangeTeam(ctx, compete.ChangeTeamCommand{
				Actor: actor(by), RegistrationID: "bob's", Change: compete.Some(change),
			})
			return err
		}
	}
	for name, leave := range map[string]func(ctx context.Context, s *scenario, by string) error{
		"out of the team":   leave(compete.TeamChange{}),
		"into another team": leave(compete.TeamChange{TeamChoice: compete.TeamChoice{Name: "Blue"}}),
		"out of the competition": func(ctx context.Context, s *scenario, by string) error {
			_, err := s.Cancel(ctx, compete.CancelCommand{Actor: actor(by), RegistrationID: "bob's"})
			return err
		},
	} {
		for _, by := range []string{"olga", "bob"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				withTeams(t, nil, func(t *testing.T, s *scenario) {
					registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
					known := s.codeOf("red")
					registerAs("bob", inTeam(known)).run(t, s)
					must(t, leave(t.Context(), s, by))
					want(t, "the code stays", s.codeOf("red") == known, by == "bob")
				})
			})
		}
	}
}

// TestLookingWithTeam: whoever is in a team doesn't look for one.
func TestLookingWithTeam(t *testing.T) {
	withTeams(t, nil, func(t *testing.T, s *scenario) {
		registerAs("ada", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
		step{what: "ada looks for a team", do: func(ctx context.Context, s *scenario) (string, error) {
			want(t, "looking with a new team", s.ledger.registrations["ada's"].Looking, false)
			o, err := s.ChangeTeam(ctx, compete.ChangeTeamCommand{
				Actor: actor("ada"), RegistrationID: "ada's", Looking: compete.Some(true),
			})
			return fmt.Sprint(o.Registration.Looking), err
		}}.gets("false").run(t, s)
	})
}

// TestAnswersOfFormerCaptain: what somebody answered for a team doesn't go with them into another one, nor out of it.
func TestAnswersOfFormerCaptain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id := a.addCompetition(t, 5, true)
		change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
			c.Team = &compete.TeamRules{Min: 1, Max: 5, SeatUnit: compete.SeatPerPerson}
		}}
		change.Questions = compete.Some(compete.Questions{
			{ID: "idea", Kind: compete.QuestionText, Label: "Idea", Scope: compete.ScopeTeam},
			{ID: "shirt", Kind: compete.QuestionText, Label: "Shirt", Scope: compete.ScopePerson},
		})
		_, err := r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		must(t, err)
		var own []compete.Registration
		for i, name := range []string{"Red", "Blue", "Green"} {
			o, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[i], CompetitionID: id, Entry: compete.Entry{
					Team: compete.TeamChoice{Name: name}, Answers: compete.Answers{"idea": name, "shirt": "M"},
				},
			})
			must(t, err)
			own = append(own, o.Registration)
		}
		wantAnswers := func(i int, expected compete.Answers) {
			t.Helper()
			answers, err := db.AnswersOf(t.Context(), own[i].ID)
			must(t, err)
			if !maps.Equal(answers, expected) {
				t.Errorf("person %d has the answers %v", i, answers)
			}
		}
		blue, err := db.Team(t.Context(), own[1].TeamID)
		must(t, err)
		_, err = r.ChangeTeam(t.Context(), compete.ChangeTeamCommand{
			Actor: a.people[0], RegistrationID: own[0].ID,
			Change: compete.Some(compete.TeamChange{TeamChoice: compete.TeamChoice{Code: blue.Code(plainSealer{})}}),
		})
		must(t, err)
		wantAnswers(0, compete.Answers{"shirt": "M"})
		wantAnswers(1, compete.Answers{"idea": "Blue", "shirt": "M"})
		_, err = r.RemoveMember(t.Context(), compete.MemberCommand{
			TeamCommand: compete.TeamCommand{Actor: a.organizer, CompetitionID: id, TeamID: own[2].TeamID},
			UserID:      a.people[2].UserID,
		})
		must(t, err)
		wantAnswers(2, compete.Answers{"shirt": "M"})
	})
}
