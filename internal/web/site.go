package web

import (
	"errors"
	"net/http"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// SetupPath is the page that creates the first admin; its token is in the query.
const SetupPath = "/setup"

// setupForm is shown to visitors with a valid link, and a not-found page to everyone else.
func (a *app) setupForm(r *http.Request, v *visit) (response, error) {
	token := r.URL.Query().Get("token")
	if err := a.checkSetup(r, token); err != nil {
		return nil, err
	}
	return a.showSetup(v, http.StatusOK, pages.SetupForm{Token: token, SiteForm: a.siteForm(nil, nil)}), nil
}

func (a *app) checkSetup(r *http.Request, token string) error {
	return hiddenPage(a.Installation.CheckSetup(r.Context(), token))
}

// hiddenPage responds with a not-found page once the setup is over.
func hiddenPage(err error) error {
	if errors.Is(err, compete.ErrSetupOver) {
		return errNoSuchPage
	}
	return err
}

func (a *app) showSetup(v *visit, status int, form pages.SetupForm) response {
	form.Test.To = "the address above"
	if a.Installation.HasMailServer() {
		form.Test.Action = SetupPath + "/test-email"
	}
	page := v.secret("Set up your site")
	page.Address = "" // the page's URL contains the token
	return show(status, pages.Setup(page, form))
}

// typedSetup returns the form as submitted.
func (a *app) typedSetup(r *http.Request, errors pages.Errors) pages.SetupForm {
	return pages.SetupForm{
		Token: r.PostFormValue("token"), Name: r.PostFormValue("name"), Email: r.PostFormValue("email"),
		SiteForm: a.siteForm(r, errors),
	}
}

func (a *app) setup(r *http.Request, v *visit) (response, error) {
	user, err := a.Installation.SetUp(r.Context(), r.PostFormValue("token"), compete.SetUp{
		Admin: compete.SignUp{
			Name: r.PostFormValue("name"), Email: r.PostFormValue("email"),
			Password: r.PostFormValue("password"),
		},
		Settings: typedSettings(r),
	})
	if e, ok := v.refused(err); ok {
		form := a.typedSetup(r, formErrors(e))
		if errors.Is(err, compete.ErrEmailTaken) {
			form.Errors = pages.Errors{"email": "An account with this email already exists. Use another one."}
		}
		return a.showSetup(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, hiddenPage(err)
	}
	if err := v.startSession(user); err != nil {
		return nil, err
	}
	return redirectWith("set-up", "/admin"), nil
}

// testSetupMail sends a test email to the entered address, and keeps the rest of the form.
func (a *app) testSetupMail(r *http.Request, v *visit) (response, error) {
	form := a.typedSetup(r, nil)
	err := a.Installation.TestSetupMail(r.Context(), form.Token, form.Email)
	if form.Test, err = v.testMailResult(form.Email, err); err != nil {
		return nil, hiddenPage(err)
	}
	if !v.partial() {
		return a.showSetup(v, http.StatusOK, form), nil
	}
	form.Test.Action, form.Test.To = SetupPath+"/test-email", "the address above"
	return show(http.StatusOK, pages.MailTest(form.Test)), nil
}

// testMailResult returns the result of a test email; err is an unrelated error.
func (v *visit) testMailResult(address string, err error) (pages.TestMail, error) {
	if err == nil {
		return pages.TestMail{Done: address}, nil
	}
	e, ok := v.refused(err)
	if !ok {
		return pages.TestMail{}, err
	}
	if e.Kind == compete.KindInvalid {
		return pages.TestMail{Failed: "Enter an email address such as ada@example.com first."}, nil
	}
	return pages.TestMail{Failed: plainText(e)}, nil
}

// siteForm returns the current settings; if r isn't nil, its form values replace them.
func (a *app) siteForm(r *http.Request, errors pages.Errors) pages.SiteForm {
	setting := func(name string) pages.Setting {
		s := pages.Setting{Name: name, Value: a.Installation.Setting(name), Fixed: a.Installation.IsFixed(name)}
		if r != nil && !s.Fixed {
			s.Value = r.PostFormValue(name)
		}
		return s
	}
	return pages.SiteForm{
		SiteName: setting(brand.SettingName), Contact: setting(brand.SettingContact),
		Imprint: setting(brand.SettingImprint),
		Privacy: setting(brand.SettingPrivacy), Terms: setting(brand.SettingTerms),
		Organizers: setting(brand.SettingOrganizers), Errors: errors,
	}
}

func typedSettings(r *http.Request) map[string]string {
	values := map[string]string{}
	for _, name := range brand.Editable {
		if r.PostForm.Has(name) {
			values[name] = r.PostFormValue(name)
		}
	}
	return values
}

func (a *app) siteSettings(_ *http.Request, v *visit) (response, error) {
	if err := v.requireRole(compete.RoleAdmin); err != nil {
		return nil, err
	}
	return a.showSite(v, http.StatusOK, a.siteForm(nil, nil)), nil
}

func (a *app) showSite(v *visit, status int, form pages.SiteForm) response {
	form.Test = a.adminTest(form.Test)
	return show(status, pages.SiteSettings(v.page("Site settings", ui.SectionAdmin), form))
}

func (a *app) adminTest(t pages.TestMail) pages.TestMail {
	if t.To = "your own address"; a.Installation.HasMailServer() {
		t.Action = "/admin/site/test-email"
	}
	return t
}

func (a *app) changeSite(r *http.Request, v *visit) (response, error) {
	err := a.Installation.Set(r.Context(), v.actor, typedSettings(r))
	if e, ok := v.refused(err); ok {
		return a.showSite(v, problem.Status(e.Kind), a.siteForm(r, formErrors(e))), nil
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("site-saved", "/admin/site"), nil
}

func (a *app) testMail(r *http.Request, v *visit) (response, error) {
	err := a.Installation.TestMail(r.Context(), v.actor)
	test, err := v.testMailResult("your address", err)
	if err != nil {
		return nil, err
	}
	if v.partial() {
		return show(http.StatusOK, pages.MailTest(a.adminTest(test))), nil
	}
	if test.Done != "" {
		return redirectWith("mail-works", "/admin/site"), nil
	}
	form := a.siteForm(nil, nil)
	form.Test = test
	return a.showSite(v, http.StatusOK, form), nil
}

// checklistNotes are what an admin can tick off, by the value of the button.
var checklistNotes = map[string]string{"checklist": compete.NoteChecklist, "backups": compete.NoteBackup}

func (a *app) changeChecklist(r *http.Request, v *visit) (response, error) {
	note, ok := checklistNotes[r.PostFormValue("done")]
	if !ok {
		return nil, errBadForm
	}
	if err := a.Installation.Note(r.Context(), v.actor, note, "yes"); err != nil {
		return nil, err
	}
	return redirect("/admin"), nil
}

func (a *app) answerOrganizerRequest(r *http.Request, v *visit) (response, error) {
	approve := r.PostFormValue("answer") == "approve"
	if !approve && r.PostFormValue("answer") != "decline" {
		return nil, errBadForm
	}
	if _, err := a.Administration.AnswerOrganizerRequest(r.Context(), v.actor, r.PathValue("request"),
		approve); err != nil {
		return nil, err
	}
	if approve {
		return redirectWith("approved", "/admin"), nil
	}
	return redirectWith("declined", "/admin"), nil
}

// firstSteps adds to the admin page what a new site still needs, and pending requests.
func (a *app) firstSteps(r *http.Request, v *visit, data *pages.AdminData) error {
	notes, published, err := a.Installation.Notes(r.Context(), v.actor)
	if err != nil {
		return err
	}
	data.MailOff = !a.Accounts.Mailing()
	if notes[compete.NoteChecklist] == "" && !a.Demo {
		data.Checklist = a.checklist(notes, published)
	}
	requests, err := a.Administration.OrganizerRequests(r.Context(), v.actor, "", rowsPerPage)
	if err != nil {
		return err
	}
	data.MoreRequests = !requests.Next.IsZero()
	for i := range requests.Items {
		q := &requests.Items[i]
		data.Requests = append(data.Requests,
			pages.OrganizerRequest{ID: q.ID, Name: q.User.Name, Email: q.User.Email, Since: q.RequestedAt})
	}
	return nil
}

func (a *app) checklist(notes map[string]string, published bool) []pages.ChecklistItem {
	set := func(names ...string) bool {
		for _, name := range names {
			if a.Installation.Setting(name) == "" {
				return false
			}
		}
		return true
	}
	const here, label = "/admin/site", "Open site settings"
	return []pages.ChecklistItem{
		{
			Title: "Name your site", Done: set(brand.SettingName), Href: here, Label: label,
			Text: "Give your site a name that people recognize in emails and browser tabs.",
		},
		{
			Title: "Add a contact and a privacy policy", Done: set(brand.SettingContact, brand.SettingPrivacy),
			Href: here, Label: label,
			Text: "People need to know who to contact and what happens to their data.",
		},
		{
			Title: "Decide who can organize", Done: set(brand.SettingOrganizers), Href: here, Label: label,
			Text: "Right now, anyone can create competitions. Keep it that way, or limit it to people you trust.",
		},
		{
			Title: "Set up email", Done: a.Installation.HasMailServer() && notes[compete.NoteTestMail] != "",
			Href: here, Label: "Send test email",
			Text: "Set SMTP_URL and MAIL_FROM, restart, and send yourself a test email.",
		},
		{
			Title: "Serve your site over HTTPS", Done: a.secure && a.PublicURL.Hostname() != "localhost",
			Text: "Put a reverse proxy with a certificate in front of the site, and set " +
				"PUBLIC_URL to its HTTPS address.",
		},
		{
			Title: "Back up your data", Done: notes[compete.NoteBackup] != "", Tick: "backups",
			Text: "Run 'minicompete backup FILE' every day. This step is marked as done after the first backup. If " +
				"you back up another way, mark it as done yourself.",
		},
		{
			Title: "Publish the first competition", Done: published, Href: "/competitions/create",
			Label: "Create competition",
			Text:  "Create one yourself, or ask an organizer to.",
		},
	}
}
