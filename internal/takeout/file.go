// Package takeout writes everything that is kept of a person as one JSON file, the same at both front doors.
//
// It owns the form of the file and how it is sent. What is kept of whom is compete's.
package takeout

import (
	"encoding/json"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// PersonalData is the whole file, as it is documented. It is written part by part: see Send.
type PersonalData struct {
	ExportedAt            time.Time              `json:"exportedAt" example:"2026-04-01T09:00:00Z"`
	Account               ExportedAccount        `json:"account"`
	OrganizerRequestedAt  *time.Time             `json:"organizerRequestedAt" doc:"When you asked to become an organizer; null once that's answered." example:"2026-03-01T09:00:00Z"`
	LinkRequests          []ExportedLinkRequest  `json:"linkRequests" doc:"Links you asked us to email, for about an hour after they expire."`
	SecondFactors         []ExportedFactor       `json:"secondFactors" doc:"Your passkeys and your authenticator app, without their secrets."`
	Sessions              []ExportedSession      `json:"sessions" doc:"Where you logged in, newest first, including logins that have ended and are still kept."`
	Registrations         []ExportedRegistration `json:"registrations" doc:"Newest first, including cancelled ones."`
	Preparations          []ExportedPreparation  `json:"preparations" doc:"What you filled in before registration opened, until you registered."`
	Messages              []ExportedMessage      `json:"messages" doc:"Your mailbox, newest first."`
	OrganizedCompetitions []ExportedCompetition  `json:"organizedCompetitions" doc:"Competitions you organize, newest first, including drafts."`
	Reports               []ExportedReport       `json:"reports" doc:"Competitions you reported to the admins, newest first."`
	ReviewsGiven          []ExportedReview       `json:"reviewsGiven" doc:"Your scores and notes about applications, newest first."`
	ReviewsReceived       []ExportedReview       `json:"reviewsReceived" doc:"Scores and notes about your applications, newest first: once they were decided, or once registration has closed if you withdrew them."`
	AuditLog              []ExportedAuditRecord  `json:"auditLog" doc:"What you did and what was done to your account, newest first, as long as the audit log keeps it."`
}

// ExportedAccount is the account itself. The password is kept as a hash alone, which is no use to anybody, and is left
// out.
type ExportedAccount struct {
	ID              string       `json:"id" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	Name            string       `json:"name" example:"Ada Lovelace"`
	Email           string       `json:"email" format:"email" example:"ada@example.com"`
	EmailVerifiedAt *time.Time   `json:"emailVerifiedAt" doc:"When you confirmed the address; null if you haven't." example:"2026-03-01T09:05:00Z"`
	Role            compete.Role `json:"role" enum:"PARTICIPANT,ORGANIZER,ADMIN" example:"PARTICIPANT"`
	RemindersOffAt  *time.Time   `json:"remindersOffAt" doc:"When you unsubscribed from reminders; null if you get them." example:"2026-03-02T10:00:00Z"`
	TimeZone        string       `json:"timeZone" doc:"In which your messages show times beside the venue's. Empty if unknown." example:"Europe/London"`
	TimeZoneChosen  bool         `json:"timeZoneChosen" doc:"true if you chose it; otherwise it's that of the browser you used last." example:"false"`
	CreatedAt       time.Time    `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	UpdatedAt       time.Time    `json:"updatedAt" example:"2026-03-01T09:00:00Z"`
}

// ExportedLinkRequest is a link that was asked for.
type ExportedLinkRequest struct {
	Purpose     compete.LinkPurpose `json:"purpose" enum:"verify,change,reset" example:"reset"`
	Email       string              `json:"email" doc:"Where it was sent." example:"ada@example.com"`
	RequestedAt time.Time           `json:"requestedAt" example:"2026-04-01T08:00:00Z"`
	ExpiresAt   time.Time           `json:"expiresAt" example:"2026-04-01T09:00:00Z"`
}

// ExportedFactor is a passkey, or the authenticator app. Recovery codes are kept as hashes alone, and are left out.
type ExportedFactor struct {
	Kind       string     `json:"kind" enum:"passkey,app" example:"passkey"`
	Name       string     `json:"name" doc:"As you named it; empty for an app." example:"My phone"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	LastUsedAt *time.Time `json:"lastUsedAt" doc:"Null if it was never used, and for an app." example:"2026-03-01T09:40:00Z"`
}

// ExportedSession is one login.
type ExportedSession struct {
	Device     string     `json:"device" example:"Chrome on Android"`
	Address    string     `json:"address" doc:"An IPv4 address, or the /64 network of an IPv6 address. Empty if unknown, or no longer kept." example:"203.0.113.7"`
	Kind       string     `json:"kind" enum:"page,api" example:"page"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	LastUsedAt time.Time  `json:"lastUsedAt" example:"2026-03-01T09:40:00Z"`
	ExpiresAt  time.Time  `json:"expiresAt" example:"2026-05-30T09:00:00Z"`
	EndedAt    *time.Time `json:"endedAt" example:"2026-03-02T09:00:00Z"`
}

// ExportedRegistration is one of the person's, with the competition's title.
type ExportedRegistration struct {
	compete.RegistrationState
	CompetitionTitle string           `json:"competitionTitle" example:"Spring Hackathon"`
	Division         string           `json:"division,omitempty" doc:"Its name, if the competition has divisions." example:"Half marathon"`
	Team             string           `json:"team,omitempty" doc:"The name of your team, if you're in one." example:"The Gophers"`
	PromotedAt       *time.Time       `json:"promotedAt" example:"2026-04-01T10:00:00Z"`
	Seats            int              `json:"seats" doc:"How many seats it holds." example:"1"`
	ConfirmBy        *time.Time       `json:"confirmBy,omitempty" doc:"Until when you can, or could, accept a seat that was offered to you." example:"2026-04-03T10:00:00Z"`
	RemovalReason    string           `json:"removalReason,omitempty" doc:"What you were told when the organizer removed you." example:"Registered twice."`
	RemovalNote      string           `json:"removalNote,omitempty" doc:"The organizer's internal note about that." example:"See email of 3 April."`
	Answers          []ExportedAnswer `json:"answers,omitempty" doc:"What you answered when you registered, or edited later."`
	Blocked          bool             `json:"blocked,omitempty" doc:"true if you can't register for this competition again." example:"false"`
}

// ExportedAnswer is an answer to a question of a competition.
type ExportedAnswer struct {
	QuestionID string `json:"questionId" example:"q1-1"`
	Question   string `json:"question" doc:"Empty if the question was removed." example:"T-shirt size"`
	Answer     any    `json:"answer" example:"\"M\""`
}

// ExportedPreparation is what the person filled in before registration opened.
type ExportedPreparation struct {
	CompetitionID string          `json:"competitionId" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	DivisionID    string          `json:"divisionId,omitempty" format:"uuid" example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Team          string          `json:"team,omitempty" doc:"The name of the team that you'd create." example:"The Gophers"`
	Looking       bool            `json:"lookingForTeam,omitempty" doc:"Whether captains could find you." example:"false"`
	Answers       compete.Answers `json:"answers" example:"{\"q1-1\":\"M\"}"`
	UpdatedAt     time.Time       `json:"updatedAt" example:"2026-03-31T18:00:00Z"`
}

// ExportedMessage is one of the mailbox.
type ExportedMessage struct {
	ID             string              `json:"id" format:"uuid" example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	RegistrationID string              `json:"registrationId,omitempty" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Kind           compete.MessageKind `json:"kind" example:"confirmed"`
	To             string              `json:"to" example:"ada@example.com"`
	Subject        string              `json:"subject" example:"You're in: Spring Hackathon"`
	Body           string              `json:"body" example:"Hello Ada Lovelace, …"`
	SentAt         time.Time           `json:"sentAt" example:"2026-04-01T09:00:01Z"`
	ReadAt         *time.Time          `json:"readAt" example:"2026-04-01T09:10:00Z"`
}

// ExportedCompetition is one that the person organizes.
type ExportedCompetition struct {
	ID string `json:"id" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	compete.CompetitionContent
	Description string                    `json:"description" doc:"Markdown." example:"Bring your own **laptop**."`
	Questions   compete.Questions         `json:"questions,omitempty" doc:"What people are asked when they register."`
	Divisions   []string                  `json:"divisions,omitempty" doc:"The names of its divisions. Left out if it has none." example:"[\"Half marathon\"]"`
	Registered  int                       `json:"registered" doc:"Seats held." example:"58"`
	Waitlisted  int                       `json:"waitlisted" example:"0"`
	Status      compete.CompetitionStatus `json:"status" enum:"DRAFT,PUBLISHED,CANCELLED" example:"PUBLISHED"`
	Cover       string                    `json:"cover,omitempty" doc:"Path of the cover you uploaded." example:"/api/competitions/018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f/cover"`
	CreatedAt   time.Time                 `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	UpdatedAt   time.Time                 `json:"updatedAt" example:"2026-03-02T10:30:00Z"`
}

// ExportedReport is one that the person made. What admins noted about it is theirs.
type ExportedReport struct {
	ID               string               `json:"id" format:"uuid" example:"018f6b1e-9999-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionID    string               `json:"competitionId" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionTitle string               `json:"competitionTitle" example:"Spring Hackathon"`
	Reason           compete.ReportReason `json:"reason" enum:"SPAM,FRAUD,OFFENSIVE,ILLEGAL,OTHER" example:"SPAM"`
	Details          string               `json:"details" example:"It only advertises shoes."`
	CreatedAt        time.Time            `json:"createdAt" example:"2026-04-01T09:00:00Z"`
	Status           compete.ReportStatus `json:"status" enum:"OPEN,RESOLVED,DISMISSED" example:"OPEN"`
}

// ExportedReview is one that the person gave or received. It doesn't tell who applied, or who gave it.
type ExportedReview struct {
	RegistrationID   string    `json:"registrationId" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionID    string    `json:"competitionId" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionTitle string    `json:"competitionTitle" example:"Spring Hackathon"`
	Score            int       `json:"score" doc:"From 1 to 5; 5 is best." example:"4"`
	Note             string    `json:"note" example:"Strong project, first hackathon."`
	CreatedAt        time.Time `json:"createdAt" example:"2026-04-02T10:00:00Z"`
	UpdatedAt        time.Time `json:"updatedAt" example:"2026-04-02T10:00:00Z"`
}

// ExportedAuditRecord is one that the person made, or that is about the account. It names others by their IDs alone.
type ExportedAuditRecord struct {
	ID               string          `json:"id" format:"uuid" example:"018f6b1e-7777-7d0a-9b3e-5a1f0c2d4e6f"`
	At               time.Time       `json:"at" example:"2026-04-01T09:00:00Z"`
	Action           string          `json:"action" example:"account.role"`
	ActorID          string          `json:"actorId,omitempty" format:"uuid" doc:"Who did it. Left out if nobody was logged in, and for the command line and jobs." example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	UserID           string          `json:"userId,omitempty" format:"uuid" doc:"Whose account it's about, unless that's the actor's." example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionID    string          `json:"competitionId,omitempty" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionTitle string          `json:"competitionTitle,omitempty" example:"Spring Hackathon"`
	SubjectID        string          `json:"subjectId,omitempty" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Before           json.RawMessage `json:"before,omitempty" example:"{\"role\":\"PARTICIPANT\"}"`
	After            json.RawMessage `json:"after,omitempty" example:"{\"role\":\"ORGANIZER\"}"`
	Via              compete.Via     `json:"via" enum:"page,api,cli,job" example:"page"`
	Address          string          `json:"address,omitempty" doc:"Where you did it from. Left out if someone else did it, if it's unknown, or no longer kept." example:"203.0.113.7"`
	RequestID        string          `json:"requestId,omitempty" example:"018f6b1e-8888-7d0a-9b3e-5a1f0c2d4e6f"`
}
