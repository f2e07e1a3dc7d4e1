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

// The settings that an operator can change: with an environment variable of this name, or on a page.
const (
	SettingName       = "SITE_NAME"
	SettingContact    = "CONTACT"
	SettingImprint    = "IMPRINT_URL"
	SettingPrivacy    = "PRIVACY_URL"
	SettingTerms      = "TERMS_URL"
	SettingOrganizers = "ORGANIZER_SIGNUP"
)

// Editable are the settings that can be changed on a page, in display order.
var Editable = []string{SettingName, SettingContact, SettingImprint, SettingPrivacy, SettingTerms, SettingOrganizers}

// The values of SettingOrganizers.
const (
	OrganizersOpen     = "open"     // everyone can sign up as an organizer; also the default
	OrganizersApproval = "approval" // an admin approves each
	OrganizersOff      = "off"
)

// maxName is in characters: longer names don't fit a phone's header.
const maxName = 40

// Check describes the valid values of a setting, as in "must be …", if value is invalid; it returns "" for a valid
// value, and for an empty one, which means the default.
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

// RefreshInterval is how long a process may still use settings that were changed in another.
const RefreshInterval = 2 * time.Second

// refreshTimeout bounds one read, so that a hanging database doesn't block people who change a setting.
const refreshTimeout = 5 * time.Second

// Settings combines the settings in the environment with those changed on a page, which apply where the environment has
// none. Create it with NewSettings.
type Settings struct {
	environment map[string]string
	look        Site // settings that only the environment can have
	read        func(context.Context) (map[string]string, error)
	log         *slog.Logger
	stored      atomic.Pointer[map[string]string]
}

// NewSettings takes the environment's settings, the logo and accent color in look, and a function that reads the
// settings changed on a page. Call Refresh before first use.
func NewSettings(
	environment map[string]string, look Site, read func(context.Context) (map[string]string, error), log *slog.Logger,
) *Settings {
	s := &Settings{environment: environment, look: look, read: read, log: log}
	s.stored.Store(&map[string]string{})
	return s
}

// Check calls the function Check.
func (s *Settings) Check(setting, value string) string { return Check(setting, value) }

// Editable returns the settings that can be changed on a page.
func (s *Settings) Editable() []string { return Editable }

// Fixed reports whether the environment sets it, so that it can't be changed on a page.
func (s *Settings) Fixed(setting string) bool { return s.environment[setting] != "" }

// Value returns a setting's current value; empty if it isn't set.
func (s *Settings) Value(setting string) string {
	return cmp.Or(s.environment[setting], (*s.stored.Load())[setting])
}

// Site returns the current branding.
func (s *Settings) Site() Site {
	site := s.look
	site.Name, site.Contact = cmp.Or(s.Value(SettingName), DefaultName), s.Value(SettingContact)
	site.Imprint, site.Privacy, site.Terms = s.Value(SettingImprint), s.Value(SettingPrivacy), s.Value(SettingTerms)
	return site
}

// Refresh reads the settings changed on a page. It ignores values that this version of the program can't use.
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

// Run calls Refresh every RefreshInterval, until ctx ends.
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
