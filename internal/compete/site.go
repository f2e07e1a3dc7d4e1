package compete

import (
	"context"
	"time"
)

// OrganizerSignUp says who may sign up as an organizer.
type OrganizerSignUp string

// The values of the setting ORGANIZER_SIGNUP.
const (
	OrganizersOpen     OrganizerSignUp = "open"
	OrganizersApproval OrganizerSignUp = "approval" // they start as participants, and an admin approves them
	OrganizersOff      OrganizerSignUp = "off"
)

const settingOrganizers = "ORGANIZER_SIGNUP"

// SettingContact is how to reach the people who run the site: perhaps somebody's own address.
const SettingContact = "CONTACT"

// What the site remembers beside its settings, in the same table.
const (
	NoteBackup    = "BACKUP_AT"      // when a backup was made last (RFC 3339), or "elsewhere"
	NoteChecklist = "CHECKLIST_DONE" // an admin has put the checklist away
	NoteTestMail  = "TEST_MAIL_AT"   // when the mail server took a test email last (RFC 3339)
)

// SiteSettings are the settings that a page can set, where the environment leaves them out. Every process has them in
// memory.
type SiteSettings interface {
	// Editable lists their names.
	Editable() []string
	// Check says what a value must be instead; empty if it can be used.
	Check(setting, value string) string
	// Fixed reports whether the environment sets it.
	Fixed(setting string) bool
	// Value is what it is now; empty where nobody set it.
	Value(setting string) string
	// Refresh reads what was changed.
	Refresh(ctx context.Context) error
}

// OrganizerRequest is the wish of somebody who signed up to become an organizer.
type OrganizerRequest struct {
	ID          string
	User        User
	RequestedAt time.Time
}

// SiteStore keeps what belongs to the site as a whole.
type SiteStore interface {
	// SiteSettings reads all settings and notes, by name.
	SiteSettings(ctx context.Context) (map[string]string, error)
	// SetSiteSettings writes some; an empty value deletes.
	SetSiteSettings(ctx context.Context, values map[string]string, now time.Time) error
	// AddSetupLink adds the link of a start. It fails with ErrSetupOver when there is an admin who can log in.
	AddSetupLink(ctx context.Context, tokenHash string, now time.Time) error
	// CheckSetupLink fails with ErrSetupOver when it isn't one, or there is an admin who can log in.
	CheckSetupLink(ctx context.Context, tokenHash string) error
	// SetUp makes the first admin, writes settings and ends every link, in one transaction. Errors: ErrSetupOver,
	// ErrEmailTaken.
	SetUp(ctx context.Context, tokenHash string, admin User, passwordHash string, settings map[string]string) error
	// CreateApplicant makes an account and its OrganizerRequest. It fails with ErrEmailTaken.
	CreateApplicant(ctx context.Context, u User, passwordHash, requestID string) error
	// OrganizerRequests lists those that nobody has answered, oldest first, without those of disabled accounts.
	OrganizerRequests(ctx context.Context, cursor Cursor, limit int) (Page[OrganizerRequest], error)
	// OrganizerRequest fails with ErrRequestMissing.
	OrganizerRequest(ctx context.Context, id string) (OrganizerRequest, error)
	// AnswerOrganizerRequest ends the request and stores the message that says so; approved, a participant becomes an
	// organizer, as by UpdateUser. It fails with ErrRequestMissing when it was answered meanwhile.
	AnswerOrganizerRequest(ctx context.Context, r OrganizerRequest, approve bool, m Message, now time.Time) error
}

func organizerSignUp(settings SiteSettings) OrganizerSignUp {
	if settings == nil {
		return OrganizersOpen
	}
	if set := OrganizerSignUp(settings.Value(settingOrganizers)); set != "" {
		return set
	}
	return OrganizersOpen
}
