package e2e

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
)

// TestSetup follows an operator from the link of the first start to a configured site, with and without JavaScript.
func TestSetup(t *testing.T) {
	for name, plain := range map[string]bool{"with script": false, "without script": true} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.Start(t, mailtest.Options{})
			a := apptest.Start(t, apptest.Options{Settings: func(c *config.Config) {
				c.SMTPURL, c.Contact = config.URL(server.URL), "help@example.com"
			}})
			v := newVisitor(t, a.WebURL, "Operator")
			if plain {
				v.withoutScript()
			}
			v.open("/setup?token=guess")
			v.see("h1", "Page not found")
			link, err := a.SetupLink(t.Context(), "")
			if err != nil || link == "" {
				t.Fatalf("got %q, %v, want a link", link, err)
			}
			v.open(link)
			v.see("main", "Set by the environment variable CONTACT")
			v.fill("name", "Grace")
			v.fill("email", "grace@example.com")
			v.fill("SITE_NAME", "Kubb Union")
			v.click(`button[formaction="/setup/test-email"]`)
			v.see("#mail-test", "accepted the test email to grace@example.com")
			if got := server.To("grace@example.com"); len(got) != 1 {
				t.Errorf("%d emails arrived, want the test", len(got))
			}
			v.fill("PRIVACY_URL", "nowhere")
			v.fill("password", "short")
			v.click(`main form > div:last-child button`)
			v.see("#field-password-error", "8")
			v.see("#field-PRIVACY_URL-error", "URL")
			v.fill("PRIVACY_URL", "https://example.com/privacy")
			v.fill("password", "correct horse battery")
			v.click(`input[value="approval"]`)
			v.click(`main form > div:last-child button`)
			v.at("/admin")
			v.see("#flash", "Your site is set up")
			v.see(".brand", "Kubb Union")
			v.see("main", "Back up your data")
			v.until("email is done",
				`[...document.querySelectorAll("section li")].some((e) => e.innerText.includes("Set up email") && e.innerText.includes("Done"))`)
			v.open(link)
			v.see("h1", "Page not found")
			if again, err := a.SetupLink(t.Context(), ""); again != "" || err != nil {
				t.Errorf("a later start prints %q, %v", again, err)
			}

			applicant := newVisitor(t, a.WebURL, "Olga Applicant")
			applicant.open("/auth/signup")
			applicant.see("main", "An admin has to approve you first")
			a.Visitor().Do(http.MethodPost, "/api/auth/signup", map[string]any{
				"name": "Olga", "email": "olga@example.com", "password": apptest.Password, "role": "ORGANIZER",
			}).Want(t, http.StatusCreated)
			v.open("/admin")
			v.click(`button[value="approve"]`)
			v.see("#flash", "Request approved")
			v.open("/admin/site")
			v.click(`input[value="off"]`)
			v.click(`form[action="/admin/site"] > div:last-child button`)
			v.see("#flash", "Settings saved")
			applicant.open("/auth/signup")
			applicant.until("no choice of organizing", `document.querySelector('input[value="ORGANIZER"]') === null`)
			v.open("/admin")
			v.click(`button[name="done"][value="backups"]`)
			v.at("/admin")
			v.until("backups are done", `document.querySelector('button[value="backups"]') === null`)
		})
	}
}

// setupTour visits the setup page of a site without an admin, and what its admin sees next.
func setupTour(t *testing.T) tour {
	a := apptest.Start(t, apptest.Options{})
	link, err := a.SetupLink(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return tour{newVisitor(t, a.WebURL, "operator"), []stop{
		{name: "setup", path: link},
		{name: "admin-first-steps", path: link, then: func(v *visitor) {
			v.fill("name", "Grace")
			v.fill("email", "grace@example.com")
			v.fill("password", "correct horse battery")
			v.click(`main form > div:last-child button`)
			v.see("main", "First steps")
		}},
	}}
}
