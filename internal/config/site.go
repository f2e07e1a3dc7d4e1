package config

import (
	"maps"
	"slices"

	"github.com/minicompete/minicompete/internal/brand"
)

// SiteSettings returns the settings that can also be set on a page, by variable name; a value is empty if the
// environment doesn't set it.
func (c *Config) SiteSettings() map[string]string {
	return map[string]string{
		brand.SettingName: c.SiteName, brand.SettingContact: c.Contact, brand.SettingImprint: c.ImprintURL,
		brand.SettingPrivacy: c.PrivacyURL, brand.SettingTerms: c.TermsURL, brand.SettingOrganizers: c.OrganizerSignUp,
	}
}

func (c *Config) checkSite(p *problems) {
	settings := c.SiteSettings()
	for _, setting := range slices.Sorted(maps.Keys(settings)) {
		if wrong := brand.Check(setting, settings[setting]); wrong != "" {
			p.add(setting, "%s, not %q", wrong, settings[setting])
		}
	}
	if c.SiteAccent != "" {
		if _, err := brand.ParseAccent(c.SiteAccent); err != nil {
			p.add("SITE_ACCENT", "%v, not %q", err, c.SiteAccent)
		}
	}
	if c.SiteLogo != "" {
		if _, err := brand.ReadLogo(c.SiteLogo); err != nil {
			p.add("SITE_LOGO", "cannot be used: %v", err)
		}
	}
}

// Look returns the logo and accent color, which only the environment can set. It fails as Validate does.
func (c *Config) Look() (s brand.Site, err error) {
	if c.SiteAccent != "" {
		if s.Accent, err = brand.ParseAccent(c.SiteAccent); err != nil {
			return s, err
		}
	}
	if c.SiteLogo != "" {
		s.Logo, err = brand.ReadLogo(c.SiteLogo)
	}
	return s, err
}
