// Package fill adds a chosen number of users, competitions and registrations to a database, for trying out or measuring
// it. They resemble those of a site that has grown for months: a few large competitions and many small ones, in every
// phase.
//
// It owns what these rows contain. They bypass the services and the registrar, and are inserted directly into the
// tables with package sqldb.
package fill

import (
	"context"
	"fmt"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

// Size is the number of rows to add.
type Size struct {
	Users         int
	Competitions  int
	Registrations int
	Largest       int // registrations for the largest competition, included in Registrations
}

// Check returns what is wrong with a size; empty if nothing is.
func (s Size) Check() string {
	switch {
	case s.Competitions < 1:
		return "there must be a competition"
	case s.Users < 10:
		return "there must be 10 users"
	case s.Largest > s.Users-s.organizers() || s.Largest+remarkableRegistered*s.remarkable() > s.Registrations ||
		s.Largest > compete.MaxCapacity:
		return fmt.Sprintf(
			"the largest competition can't have %d registrations: each is another user's, and no "+
				"competition has more than %d", s.Largest, compete.MaxCapacity,
		)
	case s.Registrations > s.Competitions*(s.Users-s.organizers())/20+s.Largest:
		return "there are too few users and competitions for so many registrations"
	}
	return ""
}

// organizers returns how many of the users, the first ones, are organizers.
func (s Size) organizers() int { return max(2, min(s.Competitions, s.Users)/20) }

// Config says what to add, and where.
type Config struct {
	Store        *store.Store
	Size         Size
	Now          time.Time
	PasswordHash string                           // of the accounts in Logins; the others can't log in
	Progress     func(what string, done, all int) // called after every few thousand rows
	Step         func(what string)                // called before steps that show no progress
}

// Emails of accounts that can log in.
const (
	OrganizerEmail   = "large.organizer@example.com"    // of a tenth of all competitions, among them the largest
	SmallEmail       = "middling.organizer@example.com" // of up to 1,000 competitions
	ParticipantEmail = "busy.participant@example.com"   // is registered for up to 2,000 competitions
	AdminEmail       = "admin.of.many@example.com"
)

// Logins describes the accounts that can log in.
func Logins() []string {
	return []string{
		OrganizerEmail + " (organizer of a tenth of the competitions)",
		SmallEmail + " (organizer of up to 1,000 competitions)",
		ParticipantEmail + " (registered for up to 2,000 competitions)",
		AdminEmail + " (admin)",
	}
}

// IDs are the ids of interesting rows.
type IDs struct {
	Largest                          string // a competition
	Organizer, Middling, Participant string // users
	// competitions of the organizer with many registrations, or of people who get ready; if there are so many
	Teams, Divided, Reviewed, Drawn, Prepared string
	Division                                  string // the first of Divided
}

// large lists the tables that get the most rows.
var large = []string{
	"users", "competitions", "competition_tags", "competition_search", "registrations",
	"registration_blocks", "organizer_days", "messages", "audit", "divisions", "division_blocks", "teams",
	"registration_answers", "reviews", "review_scores", "decisions", "draw_entries", "draw_tickets", "preparations",
}

// Run adds the rows.
func Run(ctx context.Context, c Config) (IDs, error) {
	g := newGenerator(c)
	err := c.Store.DB().Load(ctx, large, func(load sqldb.Loader) error {
		for _, part := range []struct {
			table   string
			columns []string
			rows    rows
			all     int
		}{
			{"users", userColumns, g.users, c.Size.Users},
			{"competitions", competitionColumns, g.competitions, c.Size.Competitions},
			{"competition_tags", tagColumns, g.tags, c.Size.Competitions * tagsEach},
			{"divisions", divisionColumns, g.divisions, 0},
			{"teams", teamColumns, g.teams, 0},
			{"registrations", registrationColumns, g.registrations, c.Size.Registrations},
			{"registration_blocks", blockColumns, g.blocks, 0},
			{"division_blocks", divisionBlockColumns, g.divisionBlocks, 0},
			{"registration_answers", answerColumns, g.answers, 0},
			{"reviews", reviewColumns, g.reviews, 0},
			{"review_scores", scoreColumns, g.scores, 0},
			{"decisions", decisionColumns, g.decisions, 0},
			{"releases", releaseColumns, g.releases, 0},
			{"draws", drawColumns, g.draws, 0},
			{"draw_entries", drawEntryColumns, g.drawEntries, 0},
			{"draw_tickets", ticketColumns, g.drawTickets, 0},
			{"preparations", preparationColumns, g.preparations, 0},
			{"organizer_days", dayColumns, g.organizerDays, 0},
			{"seats_taken", takenColumns, g.taken, 0},
			{"messages", messageColumns, g.messages, 0},
			{"sessions", sessionColumns, g.sessions, 0},
			{"audit", auditColumns, g.audit, g.Size.Competitions + g.Size.Largest},
			{"failed_jobs", failedJobColumns, g.failedJobs, 0},
			{"reports", reportColumns, g.reports, 0},
		} {
			if err := load.Add(ctx, part.table, part.columns, g.watched(part.table, part.all, part.rows)); err != nil {
				return err
			}
		}
		if err := load.AddWords(ctx, store.CompetitionWords, wordsColumns,
			g.watched("words", c.Size.Competitions, g.words)); err != nil {
			return err
		}
		c.Step("Finishing: indexes and statistics…")
		return nil
	})
	return IDs{
		Largest: g.competitionID(0).String(), Organizer: g.userID(0).String(), Middling: g.userID(1).String(),
		Participant: g.userID(g.firstParticipant).String(),
		Teams:       g.competitionID(remarkableTeams).String(),
		Divided:     g.competitionID(remarkableDivided).String(),
		Reviewed:    g.competitionID(remarkableReviewed).String(),
		Drawn:       g.competitionID(remarkableDrawn).String(),
		Prepared:    g.competitionID(remarkablePrepared).String(),
		Division:    g.divisionID(remarkableDivided, 0).String(),
	}, err
}
