package config

import (
	"net/mail"
	"unicode"
	"unicode/utf8"

	"minicompete/internal/brand"
)

// maxSiteName is in characters: a longer one doesn't fit the header of a phone.
const maxSiteName = 40

func (c *Config) checkSite(p *problems) {
	if n := utf8.RuneCountInString(c.SiteName); n < 1 || n > maxSiteName || !printable(c.SiteName) {
		p.add("SITE_NAME", "must be 1 to %d printable characters", maxSiteName)
	}
	if c.Contact != "" && !brand.IsContact(c.Contact) {
		p.add("CONTACT", "must be an email address or a URL such as https://example.com/contact, not %q", c.Contact)
	}
	for setting, address := range map[string]string{"IMPRINT_URL": c.ImprintURL, "PRIVACY_URL": c.PrivacyURL, "TERMS_URL": c.TermsURL} {
		if address != "" && !brand.IsWebAddress(address) {
			p.add(setting, "must be a URL such as https://example.com/page, not %q", address)
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

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// Sender is MAIL_FROM, with SITE_NAME where it has no name.
func (c *Config) Sender() string {
	address, err := mail.ParseAddress(c.MailFrom)
	if err != nil || address.Name != "" {
		return c.MailFrom
	}
	address.Name = c.SiteName
	return address.String()
}

// Site is what makes the site the operator's own. It fails as Validate does.
func (c *Config) Site() (brand.Site, error) {
	s := brand.Site{Name: c.SiteName, Contact: c.Contact, Imprint: c.ImprintURL, Privacy: c.PrivacyURL, Terms: c.TermsURL}
	var err error
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
