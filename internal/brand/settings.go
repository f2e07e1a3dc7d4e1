package brand

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/outage"
)

// What an operator can set: by an environment variable of this name, or on a page.
const (
	SettingName       = "SITE_NAME"
	SettingContact    = "CONTACT"
	SettingImprint    = "IMPRINT_URL"
	SettingPrivacy    = "PRIVACY_URL"
	SettingTerms      = "TERMS_URL"
	SettingOrganizers = "ORGANIZER_SIGNUP"
)

// Editable are the settings that a page can set, in the order in which it shows them.
var Editable = []string{SettingName, SettingContact, SettingImprint, SettingPrivacy, SettingTerms, SettingOrganizers}

// What SettingOrganizers may be.
const (
	OrganizersOpen     = "open"     // everybody can sign up as an organizer; what an empty value means too
	OrganizersApproval = "approval" // an admin approves each
	OrganizersOff      = "off"
)

// maxName is in characters: a longer one doesn't fit the header of a phone.
const maxName = 40

// Check says what the value of a setting must be, in words such as "must be …"; it is empty for one that can be used,
// and for an empty value, which stands for the default.
func Check(setting, value string) string {
	switch {
	case value == "" || !slices.Contains(Editable, setting):
		return ""
	case setting == SettingName:
		if utf8.RuneCountInString(value) > maxName || !printable(value) {
			return fmt.Sprintf("must be 1 to %d printable characters", maxName)
		}
	case setting == SettingOrganizers:
		if value != OrganizersOpen && value != OrganizersApproval && value != OrganizersOff {
			return "must be open, approval or off"
		}
	case len(value) > maxAddress:
		return fmt.Sprintf("must be at most %d bytes long", maxAddress)
	case setting == SettingContact:
		if !IsContact(value) {
			return "must be an email address or a URL such as https://example.com/contact"
		}
	case !IsWebAddress(value):
		return "must be a URL such as https://example.com/page"
	}
	return ""
}

// maxAddress is in bytes.
const maxAddress = 2000

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// RefreshInterval is how long a process may still use what was changed in another.
const RefreshInterval = 2 * time.Second

// refreshTimeout bounds one reading, so that a database that hangs doesn't hold up who changes a setting.
const refreshTimeout = 5 * time.Second

// Settings are those of the environment and, for what it leaves out, those that were set on a page. Take it from
// NewSettings.
type Settings struct {
	environment map[string]string
	look        Site // what only the environment can set
	read        func(context.Context) (map[string]string, error)
	log         *slog.Logger
	stored      atomic.Pointer[map[string]string]
}

// NewSettings takes what the environment sets, the logo and accent in look, and how to read what was set on a page.
// Call Refresh before first use.
func NewSettings(
	environment map[string]string, look Site, read func(context.Context) (map[string]string, error), log *slog.Logger,
) *Settings {
	s := &Settings{environment: environment, look: look, read: read, log: log}
	s.stored.Store(&map[string]string{})
	return s
}

// Check is the function Check.
func (s *Settings) Check(setting, value string) string { return Check(setting, value) }

// Editable are the settings that a page can set.
func (s *Settings) Editable() []string { return Editable }

// Fixed reports whether the environment sets it, so that no page can.
func (s *Settings) Fixed(setting string) bool { return s.environment[setting] != "" }

// Value is what a setting is now; empty where nobody set it.
func (s *Settings) Value(setting string) string {
	return cmp.Or(s.environment[setting], (*s.stored.Load())[setting])
}

// Site is the site as it is now.
func (s *Settings) Site() Site {
	site := s.look
	site.Name, site.Contact = cmp.Or(s.Value(SettingName), DefaultName), s.Value(SettingContact)
	site.Imprint, site.Privacy, site.Terms = s.Value(SettingImprint), s.Value(SettingPrivacy), s.Value(SettingTerms)
	return site
}

// Refresh reads what was set on a page. What this version of the program can't use is left out.
func (s *Settings) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	stored, err := s.read(ctx)
	if err != nil {
		return err
	}
	for setting, value := range stored {
		if Check(setting, value) != "" {
			delete(stored, setting)
		}
	}
	s.stored.Store(&stored)
	return nil
}

// Run refreshes every RefreshInterval, until ctx ends.
func (s *Settings) Run(ctx context.Context) {
	ticker := time.NewTicker(RefreshInterval)
	defer ticker.Stop()
	outage := outage.Report{Logger: s.log, Away: "could not read the site's settings; using the last ones"}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := s.Refresh(ctx)
		if ctx.Err() != nil {
			return
		}
		outage.Note(err)
	}
}
