package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/store"
)

// calls are queries behind pages and routes, by name.
type calls map[string]func(ctx context.Context) error

// add adds a query. What it looks for needn't be there.
func add[T any](to calls, name string, read func(ctx context.Context) (T, error)) {
	to[name] = func(ctx context.Context) error {
		_, err := read(ctx)
		var known *compete.Error
		if errors.As(err, &known) && (known.Kind == compete.KindNotFound || known.Kind == compete.KindUnauthorized) {
			return nil
		}
		return err
	}
}

// nobody is an id that no row has.
const nobody = "018f6b1e-4444-7d0a-9b3e-5a1f0c2d4e6f"

// further is a place within a list by time.
func further(list string, now time.Time) compete.Cursor {
	return compete.Cursor{List: list, Key: now.Add(-60 * 24 * time.Hour).UnixMicro(), ID: nobody}
}

// hot returns the queries behind pages and routes, by name.
func hot(db *store.Store, ids fill.IDs, now time.Time) calls {
	calls := calls{}
	addLists(calls, db, ids, now)
	addCompetitions(calls, db, ids, now)
	addRemarkable(calls, db, ids)
	addAccounts(calls, db, ids, now)
	addAdmin(calls, db, ids, now)
	competitions := func(name string, f compete.CompetitionFilter) {
		f.Limit, f.Now = cmp.Or(f.Limit, 20), now
		if f.Sort == "" {
			f.Sort = compete.SortNewest
		}
		calls["competitions, "+name] = func(ctx context.Context) error { _, err := db.Competitions(ctx, f); return err }
	}
	competitions("newest", compete.CompetitionFilter{})
	competitions("deadline", compete.CompetitionFilter{Sort: compete.SortDeadline})
	competitions("filling", compete.CompetitionFilter{Sort: compete.SortFilling})
	competitions("upcoming by deadline",
		compete.CompetitionFilter{Phase: compete.PhaseUpcoming, Sort: compete.SortDeadline})
	competitions("upcoming by filling",
		compete.CompetitionFilter{Phase: compete.PhaseUpcoming, Sort: compete.SortFilling})
	competitions("closed", compete.CompetitionFilter{Phase: compete.PhaseClosed})
	competitions("closed by filling", compete.CompetitionFilter{Phase: compete.PhaseClosed, Sort: compete.SortFilling})
	competitions("an organizer's", compete.CompetitionFilter{OrganizerID: ids.Organizer})
	competitions("an organizer's, full",
		compete.CompetitionFilter{OrganizerID: ids.Organizer, Phase: compete.PhaseFull})
	competitions("a rare word", compete.CompetitionFilter{Search: "2345"})
	competitions("no hit", compete.CompetitionFilter{Search: "zyzzyva"})
	competitions("a common word", compete.CompetitionFilter{Search: "laptop"})
	competitions("a word of some", compete.CompetitionFilter{Search: "z", Limit: 3})
	competitions("a word of some, by deadline",
		compete.CompetitionFilter{Search: "z", Sort: compete.SortDeadline})
	competitions("a word of some, closed, by deadline", compete.CompetitionFilter{
		Search: "z", Sort: compete.SortDeadline, Phase: compete.PhaseClosed,
	})
	competitions("a common and a rare word", compete.CompetitionFilter{Search: "laptop 2345"})
	participants := func(name string, f compete.RegistrationFilter) {
		f.Limit = 50
		calls["participants, "+name] = func(ctx context.Context) error {
			_, err := db.RegistrationsOfCompetition(ctx, ids.Largest, f)
			return err
		}
	}
	participants("by arrival", compete.RegistrationFilter{})
	participants("who wait", compete.RegistrationFilter{Status: compete.RegistrationWaitlisted})
	participants("who haven't answered", compete.RegistrationFilter{
		Asked: true, Answer: compete.AnswerFilter{
			QuestionID: "size", None: true, Scope: compete.ScopeTeam,
			If: &compete.ShowIf{QuestionID: "minor", AnyOf: []any{true, false}},
		},
	})
	participants("far down", compete.RegistrationFilter{Cursor: compete.Cursor{List: "seq", Key: 4800}})
	participants("by name", compete.RegistrationFilter{Sort: compete.SortName})
	participants("a rare name", compete.RegistrationFilter{Search: "user3456@"})
	participants("no such name", compete.RegistrationFilter{Search: "zyzzyva"})
	participants("a rare name, by name", compete.RegistrationFilter{Search: "user3456@", Sort: compete.SortName})
	participants("everyone's name", compete.RegistrationFilter{Search: "example"})
	users := func(name, search string) {
		calls["people, "+name] = func(ctx context.Context) error {
			_,
				err := db.Users(ctx, search, compete.Cursor{}, 50)
			return err
		}
	}
	users("all", "")
	users("rare", "user3456@")
	users("no hit", "zyzzyva")
	users("everyone", "example")
	applications := func(name string, f compete.ApplicationFilter) {
		f.Limit, f.ReviewerID = 50, ids.Organizer
		calls["applications, "+name] = func(ctx context.Context) error {
			_, err := db.Applications(ctx, ids.Largest, f)
			return err
		}
	}
	applications("all", compete.ApplicationFilter{})
	applications("of a team", compete.ApplicationFilter{TeamID: nobody, Teams: true})
	applications("undecided", compete.ApplicationFilter{Undecided: true})
	applications("decided", compete.ApplicationFilter{Drafts: true})
	calls["reports"] = func(ctx context.Context) error { _, err := db.OpenReports(ctx, 100); return err }
	calls["reported"] = func(ctx context.Context) error { _, err := db.ReportedCompetitions(ctx, 21); return err }
	calls["failed jobs"] = func(ctx context.Context) error { _, err := db.OpenFailedJobs(ctx, 101); return err }
	calls["counts by status"] = func(ctx context.Context) error {
		_, err := db.RegistrationsByStatus(ctx, ids.Largest, compete.RegistrationFilter{}, false)
		return err
	}
	calls["counts by status, of a rare name"] = func(ctx context.Context) error {
		_, err := db.RegistrationsByStatus(ctx, ids.Largest, compete.RegistrationFilter{Search: "user3456@"}, false)
		return err
	}
	calls["counts by status, of everyone"] = func(ctx context.Context) error {
		_, err := db.RegistrationsByStatus(ctx, ids.Largest, compete.RegistrationFilter{Search: "example"}, false)
		return err
	}
	calls["chart"] = func(ctx context.Context) error {
		_,
			err := db.RegistrationTimes(ctx, ids.Largest, "", 100)
		return err
	}
	calls["days"] = func(ctx context.Context) error {
		_, err := db.RegistrationsPerDay(ctx, ids.Organizer, now, 30)
		return err
	}
	calls["my registrations"] = func(ctx context.Context) error {
		_, err := db.RegistrationsOfUser(ctx, ids.Participant, compete.Cursor{}, 20)
		return err
	}
	calls["my registration"] = func(ctx context.Context) error {
		_, err := db.RegistrationOf(ctx, ids.Participant, ids.Largest)
		return err
	}
	calls["mailbox"] = func(ctx context.Context) error {
		_, err := db.Messages(ctx, ids.Participant, compete.Cursor{}, 20)
		return err
	}
	calls["unread"] = func(ctx context.Context) error { _, err := db.UnreadMessages(ctx, ids.Participant); return err }
	calls["reminders"] = func(ctx context.Context) error {
		_, _,
			err := db.ReminderTargets(ctx, ids.Largest, 0, 256)
		return err
	}
	calls["reminders of several"] = func(ctx context.Context) error {
		competitions, err := db.StartingBetween(ctx, now, now.AddDate(0, 1, 0), "", 64)
		if err != nil || len(competitions) < 64 {
			return fmt.Errorf("%d competitions start soon: %w", len(competitions), err)
		}
		_, _, err = db.JointReminderTargets(ctx, idsOf(competitions), compete.ReminderPlace{}, 256)
		return err
	}
	return calls
}

// addLists adds the lists of competitions, participants and people that hot leaves out.
func addLists(to calls, db *store.Store, ids fill.IDs, now time.Time) {
	for name, f := range map[string]compete.CompetitionFilter{
		"further down":             {Cursor: further(string(compete.SortNewest), now)},
		"full":                     {Phase: compete.PhaseFull},
		"full by deadline":         {Phase: compete.PhaseFull, Sort: compete.SortDeadline},
		"waitlist":                 {Phase: compete.PhaseWaitlist},
		"cancelled":                {Phase: compete.PhaseCancelled},
		"closed by deadline":       {Phase: compete.PhaseClosed, Sort: compete.SortDeadline},
		"a tag":                    {Tags: []string{"chess"}},
		"a tag by deadline":        {Tags: []string{"chess"}, Sort: compete.SortDeadline},
		"three tags, closed":       {Tags: []string{"chess", "go", "math"}, Phase: compete.PhaseClosed},
		"a rare word, by deadline": {Search: "2345", Sort: compete.SortDeadline},
		"two words":                {Search: "chess team"},
		"two words, closed, by deadline": {
			Search: "chess team", Phase: compete.PhaseClosed, Sort: compete.SortDeadline,
		},
		"a prefix":              {Search: "mara"},
		"suspended":             {Suspended: true},
		"an organizer's drafts": {OrganizerID: ids.Organizer, Phase: compete.PhaseDraft},
		"an organizer's upcoming by deadline": {
			OrganizerID: ids.Organizer, Phase: compete.PhaseUpcoming, Sort: compete.SortDeadline,
		},
	} {
		f.Limit, f.Now = 20, now
		if f.Sort == "" {
			f.Sort = compete.SortNewest
		}
		add(to, "competitions, "+name, func(ctx context.Context) (compete.Page[compete.Competition], error) {
			return db.Competitions(ctx, f)
		})
	}
	for name, f := range map[string]compete.RegistrationFilter{
		"by status":              {Sort: compete.SortStatus},
		"by name, waitlisted":    {Sort: compete.SortName, Status: compete.RegistrationWaitlisted},
		"two letters":            {Search: "li"},
		"one letter":             {Search: "z"},
		"nobody's letters":       {Search: "qj"},
		"an ideograph":           {Search: "王"},
		"one in 70":              {Search: "smith"},
		"one in 4,000":           {Search: "ada smith"},
		"one in 70, by name":     {Search: "smith", Sort: compete.SortName},
		"one in 4,000, by name":  {Search: "ada smith", Sort: compete.SortName},
		"two letters, by name":   {Search: "li", Sort: compete.SortName},
		"everyone's, by name":    {Search: "example", Sort: compete.SortName},
		"with answers and teams": {Asked: true, Teams: true},
	} {
		f.Limit = 50
		add(to, "participants, "+name,
			func(ctx context.Context) (compete.Page[compete.ParticipantRegistration], error) {
				return db.RegistrationsOfCompetition(ctx, ids.Largest, f)
			})
	}
	for name, search := range map[string]string{
		"one in 70": "smith", "one in 4,000": "ada smith", "two letters": "li", "one letter": "z", "an ideograph": "王",
		"nobody's letters": "qj",
	} {
		add(to, "people, "+name, func(ctx context.Context) (compete.Page[compete.User], error) {
			return db.Users(ctx, search, compete.Cursor{}, 50)
		})
	}
}

// addRemarkable adds what pages about competitions with divisions, answers, teams, reviews and draws read.
func addRemarkable(to calls, db *store.Store, ids fill.IDs) {
	type page = compete.Page[compete.ParticipantRegistration]
	participants := func(name, competitionID string, f compete.RegistrationFilter) {
		f.Limit = 50
		add(to, "participants of "+name, func(ctx context.Context) (page, error) {
			return db.RegistrationsOfCompetition(ctx, competitionID, f)
		})
	}
	participants("several divisions", ids.Divided, compete.RegistrationFilter{Asked: true})
	participants("one division", ids.Divided, compete.RegistrationFilter{Asked: true, DivisionID: ids.Division})
	participants("one division, who wait", ids.Divided,
		compete.RegistrationFilter{DivisionID: ids.Division, Status: compete.RegistrationWaitlisted})
	participants("one division, by name", ids.Divided,
		compete.RegistrationFilter{DivisionID: ids.Division, Sort: compete.SortName})
	participants("one answer", ids.Divided, compete.RegistrationFilter{
		Answer: compete.AnswerFilter{QuestionID: "q1-1", Value: "M"},
	})
	participants("teams", ids.Teams, compete.RegistrationFilter{Teams: true})
	participants("a draw", ids.Drawn, compete.RegistrationFilter{})
	add(to, "counts by status, of teams", func(ctx context.Context) (map[compete.RegistrationStatus]int, error) {
		return db.RegistrationsByStatus(ctx, ids.Teams, compete.RegistrationFilter{Teams: true}, false)
	})
	add(to, "counts of decisions, of many", func(ctx context.Context) (compete.DecisionCounts, error) {
		return db.DecisionCounts(ctx, ids.Reviewed)
	})
	for name, f := range map[string]compete.ApplicationFilter{
		"": {}, " by score": {Sort: compete.ApplicationsByScore}, ", undecided": {Undecided: true},
		", without my score": {Unscored: true}, ", to be admitted": {Decision: compete.DecisionAdmit},
	} {
		f.Limit, f.ReviewerID = 50, ids.Organizer
		add(to, "reviewed applications"+name, func(ctx context.Context) (compete.Page[compete.Application], error) {
			return db.Applications(ctx, ids.Reviewed, f)
		})
	}
	for name, f := range map[string]compete.TeamFilter{
		"": {}, ", small": {Below: 3}, ", by name": {Search: "golden"},
	} {
		f.Limit = 50
		add(to, "many teams"+name, func(ctx context.Context) (compete.Page[compete.TeamSummary], error) {
			return db.Teams(ctx, ids.Teams, f)
		})
	}
	add(to, "seekers of many", func(ctx context.Context) (page, error) {
		return db.Seekers(ctx, ids.Teams, compete.Cursor{}, 50)
	})
	add(to, "place in a large draw", func(ctx context.Context) (*compete.DrawEntry, error) {
		return db.DrawEntry(ctx, ids.Drawn, ids.Participant)
	})
	add(to, "answers of many", func(ctx context.Context) ([]string, error) {
		all, _, err := db.AnswersOfCompetition(ctx, ids.Divided, 0, 100)
		return all, err
	})
	add(to, "preparation of many", func(ctx context.Context) (compete.PreparedEntry, error) {
		return db.Preparation(ctx, compete.Place{UserID: ids.Participant, CompetitionID: ids.Prepared})
	})
}

// addCompetitions adds what pages about a competition read.
func addCompetitions(to calls, db *store.Store, ids fill.IDs, now time.Time) {
	some := []string{ids.Largest}
	add(to, "competition", func(ctx context.Context) (compete.Competition, error) {
		return db.Competition(ctx, ids.Largest)
	})
	add(to, "competitions by id", func(ctx context.Context) ([]compete.Competition, error) {
		return db.CompetitionsByID(ctx, some)
	})
	add(to, "competitions with questions", func(ctx context.Context) ([]compete.Competition, error) {
		return db.CompetitionsAsking(ctx, ids.Organizer, 20)
	})
	add(to, "undecided", func(ctx context.Context) ([]compete.Competition, error) {
		return db.StartedUndecided(ctx, now, 20)
	})
	add(to, "popular tags", func(ctx context.Context) ([]compete.TagCount, error) {
		return db.PopularTags(ctx, now, 20)
	})
	add(to, "cover", func(ctx context.Context) (compete.Cover, error) { return db.Cover(ctx, ids.Largest) })
	add(to, "open offers", func(ctx context.Context) (map[string]int, error) { return db.OpenOffers(ctx, some) })
	add(to, "open applications", func(ctx context.Context) (map[string]int, error) {
		return db.OpenApplications(ctx, some, 100)
	})
	add(to, "counts of decisions", func(ctx context.Context) (compete.DecisionCounts, error) {
		return db.DecisionCounts(ctx, ids.Largest)
	})
	add(to, "split teams", func(ctx context.Context) ([]compete.Team, error) {
		return db.SplitByDrafts(ctx, ids.Largest, 21)
	})
	add(to, "unscored", func(ctx context.Context) (int, error) { return db.Unscored(ctx, ids.Largest, ids.Organizer) })
	add(to, "release", func(ctx context.Context) (*compete.Release, error) { return db.LastRelease(ctx, ids.Largest) })
	add(to, "reviews", func(ctx context.Context) ([]compete.Review, error) { return db.ReviewsOf(ctx, nobody) })
	add(to, "tickets", func(ctx context.Context) (compete.Page[compete.TicketHolder], error) {
		return db.Tickets(ctx, ids.Largest, compete.Cursor{}, 100)
	})
	add(to, "place in a draw", func(ctx context.Context) (*compete.DrawEntry, error) {
		return db.DrawEntry(ctx, ids.Largest, ids.Participant)
	})
	add(to, "answers of a competition", func(ctx context.Context) ([]string, error) {
		all, _, err := db.AnswersOfCompetition(ctx, ids.Largest, 0, 100)
		return all, err
	})
	add(to, "team", func(ctx context.Context) (compete.Team, error) { return db.Team(ctx, nobody) })
	add(to, "team by number", func(ctx context.Context) (compete.Team, error) {
		return db.TeamNumbered(ctx, compete.TeamNumber{CompetitionID: ids.Largest, Number: 1})
	})
	add(to, "members", func(ctx context.Context) ([]compete.ParticipantRegistration, error) {
		return db.Members(ctx, nobody)
	})
	for name, f := range map[string]compete.TeamFilter{"": {}, ", small": {Below: 3}, ", by name": {Search: "re"}} {
		f.Limit = 50
		add(to, "teams"+name, func(ctx context.Context) (compete.Page[compete.TeamSummary], error) {
			return db.Teams(ctx, ids.Largest, f)
		})
	}
	add(to, "seekers", func(ctx context.Context) (compete.Page[compete.ParticipantRegistration], error) {
		return db.Seekers(ctx, ids.Largest, compete.Cursor{}, 50)
	})
	add(to, "reports of a competition", func(ctx context.Context) (compete.Page[compete.Report], error) {
		return db.Reports(ctx, compete.ReportFilter{CompetitionID: ids.Largest, Limit: 50})
	})
	add(to, "reports, page", func(ctx context.Context) (compete.Page[compete.Report], error) {
		return db.Reports(ctx, compete.ReportFilter{Limit: 50})
	})
}

// addAccounts adds what pages about a user read.
func addAccounts(to calls, db *store.Store, ids fill.IDs, now time.Time) {
	user := ids.Participant
	add(to, "user", func(ctx context.Context) (compete.User, error) { return db.User(ctx, user) })
	add(to, "user by address", func(ctx context.Context) (string, error) {
		_, hash, err := db.UserByEmail(ctx, fill.ParticipantEmail)
		return hash, err
	})
	add(to, "session", func(ctx context.Context) (compete.User, error) {
		_, u, err := db.SessionByTokenHash(ctx, "none", now)
		return u, err
	})
	add(to, "sessions", func(ctx context.Context) (compete.Page[compete.Session], error) {
		return db.Sessions(ctx, user, now, compete.Cursor{}, 50)
	})
	add(to, "every session", func(ctx context.Context) (compete.Page[compete.Session], error) {
		return db.EverySession(ctx, user, compete.Cursor{}, 50)
	})
	add(to, "revocations", func(ctx context.Context) (compete.Revocations, error) {
		return db.Revocations(ctx, now.Add(-time.Hour))
	})
	add(to, "known network", func(ctx context.Context) (bool, error) { return db.KnowsNetwork(ctx, user, "::/64") })
	add(to, "factors", func(ctx context.Context) (compete.Factors, error) { return db.Factors(ctx, user) })
	add(to, "a factor", func(ctx context.Context) (bool, error) { return db.HasFactor(ctx, user) })
	add(to, "links", func(ctx context.Context) ([]compete.Link, error) { return db.LinksOf(ctx, user) })
	add(to, "preparation", func(ctx context.Context) (compete.PreparedEntry, error) {
		return db.Preparation(ctx, compete.Place{UserID: user, CompetitionID: ids.Largest})
	})
	add(to, "preparations", func(ctx context.Context) ([]compete.KeptPreparation, error) {
		return db.PreparationsOf(ctx, user)
	})
	add(to, "my registrations, further down",
		func(ctx context.Context) (compete.Page[compete.MyRegistration], error) {
			return db.RegistrationsOfUser(ctx, user, further("registrations", now), 20)
		})
	add(to, "registration", func(ctx context.Context) (compete.ParticipantRegistration, error) {
		mine, err := db.RegistrationOf(ctx, user, ids.Largest)
		if err != nil {
			return compete.ParticipantRegistration{}, err
		}
		if _, err := db.AnswersOf(ctx, mine.ID); err != nil {
			return compete.ParticipantRegistration{}, err
		}
		return db.ParticipantRegistration(ctx, mine.ID)
	})
	add(to, "mailbox, further down", func(ctx context.Context) (compete.Page[compete.Message], error) {
		return db.Messages(ctx, user, further("messages", now), 20)
	})
	add(to, "message", func(ctx context.Context) (compete.Message, error) { return db.Message(ctx, user, nobody) })
	add(to, "news", func(ctx context.Context) (map[string]compete.News, error) {
		return db.NewsOf(ctx, []string{user}, now.Add(-time.Hour))
	})
	for name, f := range map[string]compete.PersonalReviewFilter{
		"by": {ReviewerID: user}, "about": {ApplicantID: user, Now: now},
	} {
		add(to, "reviews "+name+" somebody", func(ctx context.Context) (compete.Page[compete.PersonalReview], error) {
			return db.PersonalReviews(ctx, f, compete.Cursor{}, 50)
		})
	}
	add(to, "reports by somebody", func(ctx context.Context) (compete.Page[compete.Report], error) {
		return db.ReportsBy(ctx, user, compete.Cursor{}, 50)
	})
	add(to, "request of somebody", func(ctx context.Context) (*time.Time, error) {
		return db.OrganizerRequestOf(ctx, user)
	})
}

// addAdmin adds what pages of admins read.
func addAdmin(to calls, db *store.Store, ids fill.IDs, now time.Time) {
	add(to, "settings", db.SiteSettings)
	add(to, "requests", func(ctx context.Context) (compete.Page[compete.OrganizerRequest], error) {
		return db.OrganizerRequests(ctx, compete.Cursor{}, 50)
	})
	add(to, "failed jobs, page", func(ctx context.Context) (compete.Page[compete.FailedJob], error) {
		return db.FailedJobs(ctx, compete.Cursor{}, 50)
	})
	for name, f := range map[string]compete.AuditFilter{
		"":                           {},
		", further down":             {Cursor: further("audit", now)},
		" of an action":              {Action: compete.AuditRegistered},
		" of a person":               {PersonID: ids.Participant},
		" of a competition":          {CompetitionID: ids.Largest},
		" of a rare action":          {Action: compete.AuditReported},
		" of a competition's action": {CompetitionID: ids.Largest, Action: compete.AuditReported},
		" of a time":                 {From: now.Add(-time.Hour), Until: now},
	} {
		f.Limit = 50
		add(to, fmt.Sprintf("audit log%s", name), func(ctx context.Context) (compete.Page[compete.AuditEntry], error) {
			return db.Audit(ctx, f)
		})
	}
}
