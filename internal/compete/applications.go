package compete

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ApplicationStore stores what staff think and decide about applications. Statuses are only changed through the
// Registrar.
type ApplicationStore interface {
	// SaveDrafts locks a competition, reads those of the registrations that are for it, and saves the drafts that
	// decide returns, or fails with its error. releasing reports whether a release is under way. It fails with
	// ErrCompetitionMissing.
	SaveDrafts(ctx context.Context, competitionID string, registrationIDs []string,
		decide func(c *Competition, releasing bool, found []Registration) (DraftChanges, error)) error
	// DecisionCounts counts the drafts of a competition, and the applications without one.
	DecisionCounts(ctx context.Context, competitionID string) (DecisionCounts, error)
	// AlongWithDrafts counts by decision who goes along with drafts of a competition: the members of teams that a
	// captain's draft is about, without the captain.
	AlongWithDrafts(ctx context.Context, competitionID string) (map[Decision]int, error)
	// SplitByDrafts lists up to limit teams whose members would differ once the drafts of a competition were released,
	// in the order in which they were created: some of them have a draft, and not all are admitted, on the waitlist,
	// rejected or undecided together.
	SplitByDrafts(ctx context.Context, competitionID string, limit int) ([]Team, error)
	// StartRelease locks a competition and, unless a release is under way already, adds the one that decide returns,
	// with its ReleaseJob, or fails with decide's error. One that has failed gets a new job. It returns the release
	// that is then under way. It fails with ErrCompetitionMissing.
	StartRelease(ctx context.Context, competitionID string, now time.Time,
		decide func(c *Competition, counts DecisionCounts) (Release, error)) (Release, error)
	// LastRelease returns the latest release of a competition; nil if there never was one.
	LastRelease(ctx context.Context, competitionID string) (*Release, error)
	// Applications lists the registrations about which staff may decide, in the order of the filter. A page may be
	// short, as in RegistrationStore.RegistrationsOfCompetition.
	Applications(ctx context.Context, competitionID string, f ApplicationFilter) (Page[Application], error)

	// Unscored counts the registrations about which staff may decide that a reviewer hasn't reviewed. It fails with
	// ErrCompetitionMissing.
	Unscored(ctx context.Context, competitionID, reviewerID string) (int, error)

	// SaveReview adds or replaces a reviewer's review. applicantID is the user whose application it is.
	SaveReview(ctx context.Context, r Review, applicantID string) error
	// DeleteReview deletes a reviewer's review, as of its UpdatedAt. It does nothing if there is none.
	DeleteReview(ctx context.Context, r Review, applicantID string) error
	// ReviewsOf lists the reviews of applications, those of each oldest first.
	ReviewsOf(ctx context.Context, registrationIDs ...string) ([]Review, error)

	// StartedUndecided lists up to limit published competitions with review, or with a lottery that wasn't drawn, that
	// have started and about which ToldUndecided wasn't called.
	StartedUndecided(ctx context.Context, now time.Time, limit int) ([]Competition, error)
	// ToldUndecided records that the organizer of a competition knows how many applications were undecided at its
	// start, with the message that says so, if any. Only the first call has an effect.
	ToldUndecided(ctx context.Context, competitionID string, m *Message, now time.Time) error
}

// DraftChanges are drafts to save, and registrations whose draft is to be deleted.
type DraftChanges struct {
	Save  []Draft
	Clear []string
}

// DecisionItem decides about one registration.
type DecisionItem struct {
	RegistrationID string
	Decision       Decision // empty: delete the draft
	Undecided      bool     // it was left out
}

// MaxDecisionItems is the maximum number of decisions in one request.
const MaxDecisionItems = 500

// Application is a row of the list of applications.
type Application struct {
	ParticipantRegistration
	Decision Decision // its draft; empty if there is none
	Reviews  int      // number of reviews
	Average  int      // of their scores, in hundredths
	Mine     int      // score given by ApplicationFilter.ReviewerID; 0 for none
	MyNote   string
	Others   []Review // those by other reviewers, oldest first; only read with ApplicationFilter.WithReviews
}

// ApplicationSort is the order of a list of applications.
type ApplicationSort string

// The orders of a list of applications.
const (
	ApplicationsByArrival ApplicationSort = "arrival" // the default
	ApplicationsByScore   ApplicationSort = "score"   // highest average first, only those that have been reviewed
)

// ApplicationFilter filters and orders a list of applications.
type ApplicationFilter struct {
	Status         RegistrationStatus // empty means all about which staff may decide
	DivisionID     string             // empty means all
	TeamID         string             // empty means all
	Decision       Decision           // only with this draft; empty means all
	Drafts         bool               // only with a draft
	Undecided      bool               // only applications without a draft
	Unscored       bool               // only applications without a review by ReviewerID
	RegistrationID string             // only this one, whatever its status
	WithReviews    bool               // Applications.List also reads the reviews by others
	Asked          bool               // read the answers, too: Applications.List sets it if there are questions
	Teams          bool               // read the names of teams, too: Applications.List sets it if there are teams
	// ReviewerID is the user whose own reviews are read. Applications.List sets it to the actor.
	ReviewerID string
	Search     string          // every word must be in name or email
	Sort       ApplicationSort // empty means ApplicationsByArrival
	Cursor     Cursor          // Cursor.List is Sort.List
	Limit      int
}

// List returns the value of Cursor.List for a list in this order.
func (s ApplicationSort) List() string {
	if s == "" {
		s = ApplicationsByArrival
	}
	return "applications-" + string(s)
}

// ApplicationsConfig lists the dependencies of NewApplications.
type ApplicationsConfig struct {
	Runtime
	Store         ApplicationStore
	Registrations RegistrationStore
	Users         UserStore
	Competitions  *Competitions
	Compose       func(Target) (Wording, error) // writes messages about registrations
	Wording       AccountWording
}

// Applications handles what staff do about applications: decide, and release the decisions.
type Applications struct{ config ApplicationsConfig }

// NewApplications creates the service. It panics if a dependency is missing.
func NewApplications(c ApplicationsConfig) *Applications {
	mustBeComplete(c)
	return &Applications{c}
}

// DecisionState describes the state of deciding.
type DecisionState struct {
	Counts  DecisionCounts
	Release *Release // the latest one; nil if there never was one
}

// Decide saves decisions as drafts, all or none. A decision that is the registration's status already deletes its
// draft. Errors: Invalid, those of Competitions.changeable and Competition.CheckDeciding, ErrReleasing,
// ErrRegistrationGone, ErrNotDecidable, ErrDecidedWithTeam.
func (s *Applications) Decide(ctx context.Context, a Actor, competitionID string, items []DecisionItem) (
	DecisionState, error,
) {
	if _, err := s.config.Competitions.changeable(ctx, a, competitionID); err != nil {
		return DecisionState{}, err
	}
	if err := CheckDecisionItems(items); err != nil {
		return DecisionState{}, err
	}
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.RegistrationID
	}
	now := s.config.now()
	err := s.config.Store.SaveDrafts(ctx, competitionID, ids,
		func(c *Competition, releasing bool, found []Registration) (changes DraftChanges, err error) {
			if err := c.CheckManager(a); err != nil {
				return changes, err
			}
			if err := c.CheckDeciding(now); err != nil {
				return changes, err
			}
			if releasing {
				return changes, ErrReleasing
			}
			return drafts(items, found, a.UserID, now)
		})
	if err != nil {
		return DecisionState{}, err
	}
	return s.state(ctx, competitionID)
}

// drafts returns the drafts for the items. found are the registrations of the competition among them.
func drafts(items []DecisionItem, found []Registration, by string, now time.Time) (changes DraftChanges, err error) {
	byID := make(map[string]*Registration, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	for _, item := range items {
		r := byID[item.RegistrationID]
		switch {
		case r == nil:
			return changes, ErrRegistrationGone
		case r.Follows && item.Decision != "":
			return changes, ErrDecidedWithTeam
		case item.Decision == "", r.Status == item.Decision.becomes():
			changes.Clear = append(changes.Clear, r.ID)
		case !r.Decidable():
			return changes, ErrNotDecidable
		default:
			changes.Save = append(changes.Save, Draft{
				RegistrationID: r.ID, Seq: r.Seq, Decision: item.Decision, DecidedBy: by, DecidedAt: now,
			})
		}
	}
	return changes, nil
}

// CheckDecisionItems reports what is wrong with a list of decisions.
func CheckDecisionItems(items []DecisionItem) error {
	var v validation
	if len(items) < 1 || len(items) > MaxDecisionItems {
		v.addf("items", "must have 1 to %d entries", MaxDecisionItems)
		return v.err()
	}
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		switch {
		case !ValidID(item.RegistrationID):
			v.add(fmt.Sprintf("items[%d].registrationId", i), "must be a registration's ID")
		case seen[item.RegistrationID]:
			v.add(fmt.Sprintf("items[%d].registrationId", i), "is in the list twice")
		case item.Undecided:
			v.add(fmt.Sprintf("items[%d].decision", i), "is required; null deletes the draft")
		case item.Decision != "" && !item.Decision.Valid():
			v.add(fmt.Sprintf("items[%d].decision", i), "must be ADMIT, WAITLIST, REJECT or null")
		}
		seen[item.RegistrationID] = true
	}
	return v.err()
}

// State counts the decisions, and tells how far the latest release is, for staff.
func (s *Applications) State(ctx context.Context, a Actor, competitionID string) (DecisionState, error) {
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return DecisionState{}, err
	}
	return s.state(ctx, competitionID)
}

func (s *Applications) state(ctx context.Context, competitionID string) (d DecisionState, err error) {
	if d.Release, err = s.config.Store.LastRelease(ctx, competitionID); err != nil {
		return d, err
	}
	d.Counts, err = s.config.Store.DecisionCounts(ctx, competitionID)
	return d, err
}

// Unscored counts the registrations about which staff may decide that the actor hasn't reviewed, for staff.
func (s *Applications) Unscored(ctx context.Context, a Actor, competitionID string) (int, error) {
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return 0, err
	}
	return s.config.Store.Unscored(ctx, competitionID, a.UserID)
}

// Release starts releasing all drafts together. If a release is under way already, it returns that one, and goes on
// with it if it has failed. Errors: those of Competitions.changeable, Competition.CheckDeciding and
// DecisionCounts.CheckRelease.
func (s *Applications) Release(ctx context.Context, a Actor, competitionID string) (Release, error) {
	if _, err := s.config.Competitions.changeable(ctx, a, competitionID); err != nil {
		return Release{}, err
	}
	now := s.config.now()
	return s.config.Store.StartRelease(ctx, competitionID, now, func(c *Competition, counts DecisionCounts) (
		Release, error,
	) {
		if err := c.CheckManager(a); err != nil {
			return Release{}, err
		}
		if err := c.CheckDeciding(now); err != nil {
			return Release{}, err
		}
		if !c.Promotes(now) {
			return Release{}, ErrReleasePaused
		}
		return Release{
			ID: s.config.NewID(), CompetitionID: c.ID, StartedBy: a.UserID, StartedAt: now,
			Total: counts.Drafts() + counts.Outdated,
		}, counts.CheckRelease()
	})
}

// Get reads one application with its reviews and the answers that aren't sensitive, whatever its status. Errors: those
// of reviewable.
func (s *Applications) Get(ctx context.Context, a Actor, registrationID string) (Application, error) {
	r, c, err := s.reviewable(ctx, a, registrationID, s.config.Competitions.Managed)
	if err != nil {
		return Application{}, err
	}
	page, err := s.config.Store.Applications(ctx, r.CompetitionID, ApplicationFilter{
		RegistrationID: r.ID, ReviewerID: a.UserID, Asked: len(c.Questions) > 0, Teams: c.Team != nil, Limit: 1,
	})
	if err == nil && len(page.Items) == 0 {
		err = ErrRegistrationGone // erased meanwhile
	}
	if err != nil {
		return Application{}, err
	}
	page.Items[0].Answers = c.Questions.Lasting(page.Items[0].Answers)
	err = s.readOthers(ctx, a, page.Items)
	return page.Items[0], err
}

// List lists the registrations about which staff may decide, with the actor's own reviews and the answers that aren't
// sensitive, for staff. It uses cursor instead of filter.Cursor.
func (s *Applications) List(
	ctx context.Context, a Actor, competitionID, cursor string, filter ApplicationFilter,
) (Page[Application], error) {
	var none Page[Application]
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return none, err
	}
	var v validation
	if filter.Decision != "" && !filter.Decision.Valid() {
		v.add("decision", "must be ADMIT, WAITLIST or REJECT")
	}
	if filter.Status != "" && !slices.Contains(DecidableStatuses, filter.Status) {
		v.add("status", "must be APPLIED, WAITLISTED or REJECTED")
	}
	if filter.DivisionID != "" && c.Division(filter.DivisionID) == nil {
		v.add("division", "must be one of the competition's divisions")
	}
	if filter.TeamID != "" && (c.Team == nil || !ValidID(filter.TeamID)) {
		v.add("team", "must be the ID of one of the competition's teams")
	}
	if filter.Sort != "" && filter.Sort != ApplicationsByArrival && filter.Sort != ApplicationsByScore {
		v.add("sort", "must be arrival or score")
	}
	v.length("search", filter.Search, 0, MaxSearchLength)
	filter.ReviewerID, filter.Asked, filter.Teams = a.UserID, len(c.Questions) > 0, c.Team != nil
	if filter.Cursor, filter.Limit, err = listing(v, filter.Sort.List(), cursor, filter.Limit); err != nil {
		return none, err
	}
	page, err := s.config.Store.Applications(ctx, competitionID, filter)
	for i := range page.Items {
		page.Items[i].Answers = c.Questions.Lasting(page.Items[i].Answers)
	}
	if err == nil && filter.WithReviews {
		err = s.readOthers(ctx, a, page.Items)
	}
	return page, err
}

// readOthers reads the reviews by others than the actor.
func (s *Applications) readOthers(ctx context.Context, a Actor, applications []Application) error {
	byID := map[string]*Application{}
	for i := range applications {
		application := &applications[i]
		if application.Reviews > 1 || application.Reviews == 1 && application.Mine == 0 {
			byID[application.ID] = application
		}
	}
	if len(byID) == 0 {
		return nil
	}
	reviews, err := s.config.Store.ReviewsOf(ctx, slices.Collect(maps.Keys(byID))...)
	for i := range reviews {
		if r := &reviews[i]; r.Reviewer.ID != a.UserID {
			byID[r.RegistrationID].Others = append(byID[r.RegistrationID].Others, *r)
		}
	}
	return err
}
