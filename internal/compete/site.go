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
	OrganizersApproval OrganizerSignUp = "approval" // they start as participants until an admin approves them
	OrganizersOff      OrganizerSignUp = "off"
)

const settingOrganizers = "ORGANIZER_SIGNUP"

// SettingContact is how to reach the people who run the site; it may be a personal address.
const SettingContact = "CONTACT"

// The site's notes, stored in the same table as its settings.
const (
	NoteBackup    = "BACKUP_AT"      // time of the last backup (RFC 3339), or "elsewhere"
	NoteChecklist = "CHECKLIST_DONE" // an admin has dismissed the checklist
	NoteTestMail  = "TEST_MAIL_AT"   // time the mail server last accepted a test email (RFC 3339)
)

// SiteSettings are the settings that can be set on a page, unless the environment sets them. Every process caches them
// in memory.
type SiteSettings interface {
	// Editable lists their names.
	Editable() []string
	// Check returns a description of valid values if the value is invalid; empty if it is valid.
	Check(setting, value string) string
	// Fixed reports whether the environment sets it.
	Fixed(setting string) bool
	// Value returns the current value; empty if it isn't set.
	Value(setting string) string
	// Refresh reloads changed settings.
	Refresh(ctx context.Context) error
}

// OrganizerRequest is a new user's request to become an organizer.
type OrganizerRequest struct {
	ID          string
	User        User
	RequestedAt time.Time
}

// SiteStore stores data about the site as a whole.
type SiteStore interface {
	// SiteSettings reads all settings and notes, by name.
	SiteSettings(ctx context.Context) (map[string]string, error)
	// SetSiteSettings writes the given settings; an empty value deletes one.
	SetSiteSettings(ctx context.Context, values map[string]string, now time.Time) error
	// EverPublished reports whether a competition was ever published, listed or not.
	EverPublished(ctx context.Context) (bool, error)
	// AddSetupLink adds the setup link created at startup. It fails with ErrSetupOver if there is an admin who can log
	// in.
	AddSetupLink(ctx context.Context, tokenHash string, now time.Time) error
	// CheckSetupLink fails with ErrSetupOver if the token isn't a setup link's, or there is an admin who can log in.
	CheckSetupLink(ctx context.Context, tokenHash string) error
	// SetUp creates the first admin, writes settings and voids every setup link, in one transaction. Errors:
	// ErrSetupOver, ErrEmailTaken.
	SetUp(ctx context.Context, tokenHash string, admin User, passwordHash string, settings map[string]string) error
	// CreateApplicant creates an account and its OrganizerRequest. It fails with ErrEmailTaken.
	CreateApplicant(ctx context.Context, u User, passwordHash, requestID string) error
	// OrganizerRequests lists pending requests, oldest first, without those of disabled accounts.
	OrganizerRequests(ctx context.Context, cursor Cursor, limit int) (Page[OrganizerRequest], error)
	// OrganizerRequest reads a request. It fails with ErrRequestMissing.
	OrganizerRequest(ctx context.Context, id string) (OrganizerRequest, error)
	// AnswerOrganizerRequest ends the request and stores the message about it. If approved, the participant becomes an
	// organizer, as with UpdateUser. It fails with ErrRequestMissing if the request was answered in the meantime.
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
