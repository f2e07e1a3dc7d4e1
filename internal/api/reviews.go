package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// ReviewRequest is what a reviewer thinks of an application.
type ReviewRequest struct {
	Score int    `json:"score" doc:"5 is best." example:"4"`
	Note  string `json:"note,omitempty" doc:"For the competition's organizer and admins. Once decided about, the applicant finds it in the export of their own data." example:"Strong project, first hackathon."`
}

// TransformSchema documents the limits.
func (ReviewRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	score := s.Properties["score"]
	score.Minimum, score.Maximum = bound(compete.MinScore), bound(compete.MaxScore)
	limitText(s, "note", 0, compete.MaxReviewNote)
	return s
}

// Review is a reviewer's review of an application.
type Review struct {
	Reviewer  Organizer `json:"reviewer"`
	Score     int       `json:"score" example:"4"`
	Note      string    `json:"note" example:"Strong project, first hackathon."`
	CreatedAt time.Time `json:"createdAt" example:"2026-04-02T10:00:00Z"`
	UpdatedAt time.Time `json:"updatedAt" example:"2026-04-02T10:00:00Z"`
}

// Reviews are the reviews of an application.
type Reviews struct {
	Average float64  `json:"average" doc:"Of the scores, with two decimals; 0 if there are no reviews." example:"4.33"`
	Items   []Review `json:"items" doc:"Oldest first."`
}

// Application is a registration about which staff may decide.
type Application struct {
	RegistrationState
	Answers compete.Answers `json:"answers,omitempty" doc:"The applicant's answers, by question, except for sensitive ones." example:"{\"q1-1\":\"M\"}"`

	Team     string            `json:"team,omitempty" doc:"The name of the team, if the person is in one." example:"The Gophers"`
	User     Participant       `json:"user"`
	Decision *compete.Decision `json:"decision" nullable:"true" enum:"ADMIT,WAITLIST,REJECT" doc:"The draft; null if there is none." example:"ADMIT"`
	Reviews  int               `json:"reviews" doc:"How many reviewers have scored it." example:"3"`
	Average  float64           `json:"average" doc:"Of their scores, with two decimals; 0 if there are none." example:"4.33"`
	MyScore  int               `json:"myScore" doc:"The caller's own score; 0 for none." example:"4"`
}

type reviewInput struct {
	RegistrationInput
	JSONBody
}

type applicationStatusParam string

// Schema documents the states.
func (applicationStatusParam) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "Return only applications with this status.", Enum: []any{
		string(compete.RegistrationApplied), string(compete.RegistrationWaitlisted),
		string(compete.RegistrationRejected),
	}}
}

type applicationSortParam string

// Schema documents the orders.
func (applicationSortParam) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Default: string(compete.ApplicationsByArrival),
		Enum: []any{string(compete.ApplicationsByArrival), string(compete.ApplicationsByScore)},
		Description: "The order: order of arrival (`arrival`), or highest average first (`score`), which leaves out " +
			"what hasn't been reviewed.",
	}
}

type applicationsInput struct {
	CompetitionInput
	Status    applicationStatusParam `query:"status"`
	Division  string                 `query:"division" doc:"Return only applications in the division with this ID."`
	Team      string                 `query:"team" doc:"Return only applications of the team with this ID."`
	Decision  decisionParam          `query:"decision"`
	Undecided bool                   `query:"undecided" doc:"Return only applications without a draft."`
	Unscored  bool                   `query:"unscored" doc:"Return only applications that the caller hasn't reviewed."`
	Search    string                 `query:"search" doc:"Words in the name or email. Part of a word is enough; case and accents don't matter."`
	Sort      applicationSortParam   `query:"sort"`
	PageParams
}

type reviewsAnswer struct{ Body Reviews }

func (a *api) registerReviews() {
	reviewing := []*compete.Error{compete.ErrForbidden, compete.ErrRegistrationGone, compete.ErrNotReviewed}
	handle(a, route{
		method: http.MethodPost, path: "/api/registrations/{id}/reviews", id: "review", tag: tagApplications,
		access:  loggedIn,
		summary: "Review an application",
		description: "For the competition's organizer and admins. Each reviewer has one review, which this adds or " +
			"replaces. Returns all reviews. Applicants only find scores and notes, without who gave them, in " +
			"the export of their own data, once they have been decided about.",
		request: ReviewRequest{},
		errors:  append(reviewing, compete.ErrReauthenticate, compete.ErrNotDecidable, compete.ErrCompetitionCancelled),
	}, a.review)
	handle(a, route{
		method: http.MethodDelete, path: "/api/registrations/{id}/reviews", id: "withdrawReview", tag: tagApplications,
		access:  loggedIn,
		summary: "Withdraw your review of an application",
		description: "For the competition's organizer and admins. Deletes the caller's own score and note, if there " +
			"are any; those of others stay. Returns the reviews that are left.",
		errors: append(reviewing, compete.ErrReauthenticate, compete.ErrCompetitionCancelled),
	}, a.withdrawReview)
	handle(a, route{
		method: http.MethodGet, path: "/api/registrations/{id}/reviews", id: "getReviews", tag: tagApplications,
		access:      loggedIn,
		summary:     "List an application's reviews",
		description: "For the competition's organizer and admins.",
		errors:      reviewing,
	}, a.getReviews)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/applications", id: "listApplications",
		tag: tagApplications, access: loggedIn,
		summary: "List applications",
		description: "For the competition's organizer and admins: everyone who has applied, is on the waitlist or " +
			"was rejected, with the draft about them and their scores.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing},
	}, a.listApplications)
}

func (a *api) review(ctx context.Context, in *reviewInput) (*reviewsAnswer, error) {
	var request ReviewRequest
	check := func() error { return (&compete.Review{Score: request.Score, Note: request.Note}).Check() }
	if err := decode(in.RawBody, &request, check); err != nil {
		return nil, err
	}
	reviews, err := a.Applications.Review(ctx, actor(ctx), in.ID, request.Score, request.Note)
	if err != nil {
		return nil, err
	}
	return newReviews(reviews), nil
}

func (a *api) withdrawReview(ctx context.Context, in *RegistrationInput) (*reviewsAnswer, error) {
	reviews, err := a.Applications.WithdrawReview(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return newReviews(reviews), nil
}

func (a *api) getReviews(ctx context.Context, in *RegistrationInput) (*reviewsAnswer, error) {
	reviews, err := a.Applications.Reviews(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return newReviews(reviews), nil
}

func (a *api) listApplications(ctx context.Context, in *applicationsInput) (*listOf[Application], error) {
	page, err := a.Applications.List(ctx, actor(ctx), in.ID, in.Cursor, compete.ApplicationFilter{
		Status: compete.RegistrationStatus(in.Status), DivisionID: in.Division, TeamID: in.Team,
		Decision: compete.Decision(in.Decision), Undecided: in.Undecided, Unscored: in.Unscored, Search: in.Search,
		Sort: compete.ApplicationSort(in.Sort), Limit: int(in.Limit),
	})
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, newApplication), nil
}

func newApplication(a *compete.Application) Application {
	application := Application{
		RegistrationState: newRegistrationState(&a.Registration), User: newParticipant(&a.Participant),
		Team: a.Team, Reviews: a.Reviews, Average: decimal(a.Average), MyScore: a.Mine, Answers: a.Answers,
	}
	if a.Decision != "" {
		application.Decision = &a.Decision
	}
	return application
}

func newReviews(r compete.Reviews) *reviewsAnswer {
	answer := &reviewsAnswer{Reviews{Average: decimal(r.Average), Items: make([]Review, len(r.Items))}}
	for i := range r.Items {
		item := &r.Items[i]
		answer.Body.Items[i] = Review{
			Reviewer: Organizer{ID: item.Reviewer.ID, Name: item.Reviewer.Name}, Score: item.Score, Note: item.Note,
			CreatedAt: item.CreatedAt.UTC(), UpdatedAt: item.UpdatedAt.UTC(),
		}
	}
	return answer
}

// decimal returns a number of hundredths.
func decimal(hundredths int) float64 { return float64(hundredths) / 100 }
