package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// The pages that show emails, for demos only: they reveal the links in "sent" emails to everyone.

func (a *app) devMailList(_ *http.Request, v *visit) (response, error) {
	samples, err := a.Mails.Samples()
	if err != nil {
		return nil, err
	}
	sent := a.Mails.Sent()
	return show(http.StatusOK, pages.DevMails(v.page("Emails", ""), devMailViews(samples, false),
		devMailViews(sent, true))), nil
}

func devMailViews(mails []compete.Mail, sent bool) []pages.DevMail {
	views := make([]pages.DevMail, len(mails))
	for i := range mails {
		views[i] = devMailView(&mails[i], sent)
	}
	return views
}

// devMailView names a sample by its kind, and a sent email by its message.
func devMailView(m *compete.Mail, sent bool) pages.DevMail {
	name := string(m.Kind)
	if sent {
		name = m.MessageID
	}
	return pages.DevMail{
		Path: "/dev/mails/" + name, Kind: string(m.Kind), To: m.To, Subject: m.Subject,
		Text: m.Text, SentAt: m.SentAt,
	}
}

func (a *app) findDevMail(name string) (compete.Mail, bool, error) {
	for _, m := range a.Mails.Sent() {
		if m.MessageID == name {
			return m, true, nil
		}
	}
	samples, err := a.Mails.Samples()
	for _, m := range samples {
		if string(m.Kind) == name {
			return m, false, nil
		}
	}
	if err == nil {
		err = errNoSuchPage
	}
	return compete.Mail{}, false, err
}

func (a *app) devMail(r *http.Request, v *visit) (response, error) {
	m, sent, err := a.findDevMail(r.PathValue("mail"))
	if err != nil {
		return nil, err
	}
	v.w.Header().Set("Content-Security-Policy", contentSecurityPolicy+"; frame-src 'self'")
	return show(http.StatusOK, pages.ShowDevMail(v.page(m.Subject, ""), devMailView(&m, sent))), nil
}

// devMailHTML serves the HTML part as an email client sees it: with its own styles and nothing else.
func (a *app) devMailHTML(r *http.Request, _ *visit) (response, error) {
	m, _, err := a.findDevMail(r.PathValue("mail"))
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		h := v.w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		_, err := v.w.Write([]byte(m.HTML))
		return err
	}, nil
}
