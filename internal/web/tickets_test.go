package web_test

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// upload sends a file with tickets.
func (b *browser) upload(path, content string) page {
	b.t.Helper()
	var body strings.Builder
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "tickets.csv")
	if err == nil {
		_, err = io.WriteString(file, content)
	}
	if err == nil {
		err = form.WriteField("tickets", "")
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(http.MethodPost, path, form.FormDataContentType(), body.String())
}

// TestTicketsFromAFile exports everybody's tickets, changes them, and uploads them: more than one request of the API
// takes. A refused file changes nothing, neither tickets nor the source.
func TestTicketsFromAFile(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{"admission": "LOTTERY", "capacity": 5})
		crowd := s.Crowd(compete.MaxTicketItems + 10)
		for _, person := range crowd {
			person.Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).Want(t, http.StatusCreated)
		}
		draw := "/competitions/" + id + "/draw"
		b.leads(b.post(draw+"/source", "source", "NAMED", "name", "That day's numbers"), draw)
		exported := func() string { return b.want(b.get(draw+"/tickets.csv"), http.StatusOK).text }
		file := exported()
		line := func(i, tickets int) string {
			return fmt.Sprintf("\"%s\",\"%d\",\"%s\"", crowd[i].User.Email, tickets, crowd[i].User.Name)
		}
		if !strings.HasPrefix(file, "\ufeff\"email\",\"tickets\",\"name\"\r\n"+line(0, 1)) ||
			strings.Count(file, "\r\n") != len(crowd)+1 {
			t.Fatalf("exported %.200q", file)
		}
		last := len(crowd) - 1
		changed := strings.NewReplacer(line(0, 1), line(0, 7), line(last, 1), line(last, 9)).Replace(file)
		got := b.want(b.upload(draw+"/tickets", changed+"nobody@example.com,3\r\nelsa@example.com,2\r\n"),
			http.StatusUnprocessableEntity,
			"nobody@example.com hasn&#39;t applied. elsa@example.com hasn&#39;t applied. Nothing was saved.",
			"That day&#39;s numbers")
		if !strings.Contains(got.text, `<option value="NAMED" selected`) {
			t.Error("the refused form forgets the source")
		}
		if exported() != file {
			t.Error("a refused file changed something")
		}
		b.leads(b.upload(draw+"/tickets", changed), draw)
		if exported() != changed {
			t.Error("the uploaded tickets aren't those that are exported then")
		}
		b.leads(b.post(draw+"/tickets", "tickets", crowd[1].User.Email+";4"), draw)
		if !strings.Contains(exported(), line(1, 4)) {
			t.Error("pasted lines with semicolons weren't saved")
		}
		for i, separator := range []string{";", "\t"} {
			b.leads(b.upload(draw+"/tickets", "\ufeff\"email, or name\""+separator+"tickets\r\n"+
				crowd[1].User.Email+separator+fmt.Sprint(4+i)+separator+"\"Doe, Ada\"\r\n"), draw)
			if !strings.Contains(exported(), line(1, 4+i)) {
				t.Errorf("cells separated by %q weren't saved", separator)
			}
		}
		b.want(b.upload(draw+"/tickets", crowd[1].User.Email+"|4"), http.StatusUnprocessableEntity,
			"separated by a comma, a semicolon or a tab")
		for _, numbers := range []string{"1,5", "1,2,3", "1, 000"} {
			b.want(b.post(draw+"/tickets", "tickets", crowd[0].User.Email+",2,Ada\n"+crowd[1].User.Email+","+numbers),
				http.StatusUnprocessableEntity, "Line 2: there&#39;s more than one number after the email.")
		}
		b.want(b.post(draw+"/tickets", "tickets", "ada@example.com,two\nben@example.com,1\ncem@example.com,x"),
			http.StatusUnprocessableEntity, "Line 1: the number of tickets must be", "Line 3: the number")
		b.want(b.post(draw+"/tickets", "tickets", "ada@example.com,2\nben@example.com\ncem@example.com,1\n\"dan"),
			http.StatusUnprocessableEntity, "Line 2: needs an email and a number", "Line 4: needs")

		var listed []struct {
			Email   string
			Tickets int
		}
		organizer.Get("/api/competitions/"+id+"/draw/tickets?limit=2", &listed)
		if len(listed) != 2 || listed[0].Tickets != 7 || listed[1].Tickets != 5 {
			t.Errorf("the API lists %+v", listed)
		}
		csv := organizer.Do(http.MethodGet, "/api/competitions/"+id+"/draw/tickets", nil, "Accept", "text/csv").
			Want(t, http.StatusOK)
		if string(csv.Body) != strings.TrimPrefix(exported(), "\ufeff") {
			t.Errorf("the API exports %.200q", csv.Body)
		}
		stranger := s.browser(t)
		stranger.signUp("stranger@example.com")
		if got := stranger.get(draw + "/tickets.csv"); got.status != http.StatusForbidden {
			t.Errorf("a stranger gets %d", got.status)
		}
	})
}

// TestDrawsNeedAnAddress lets nobody enter a draw whose address isn't confirmed, although the site doesn't ask for it
// otherwise.
func TestDrawsNeedAnAddress(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := openSite(t, databaseURL, func(c *config.Config) { c.RequireVerifiedEmail = new(bool) })
		organizer := s.As(compete.RoleOrganizer)
		lottery, plain := organizer.Create(map[string]any{"admission": "LOTTERY"}), organizer.Create(nil)
		register := func(person *apptest.Client, id string) *apptest.Answer {
			return person.Do(http.MethodPost, "/api/competitions/"+id+"/register", nil)
		}
		person := s.As(compete.RoleParticipant)
		register(person, plain).Want(t, http.StatusCreated)
		register(person, lottery).WantCode(t, http.StatusForbidden, "email_not_verified")
		s.Verify(person.User.Email)
		register(person, lottery).Want(t, http.StatusCreated)

		b := s.browser(t)
		b.signUp("ada@example.com")
		page := "/competitions/" + lottery
		if got := b.post(page+"/register", "key", "one-press-1"); !strings.HasPrefix(got.to, "/auth/verify?") {
			t.Errorf("an unconfirmed press leads to %d %q", got.status, got.to)
		}
		b.verify("ada@example.com")
		b.want(b.get(page), http.StatusOK, "ve applied") // the press went on

		form := s.browser(t)
		form.leads(form.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
		if got := form.get("/competitions/create?key=another-key-1"); strings.Contains(got.text, "apply with several") {
			t.Error("the form warns of what can't be")
		}
	})
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	_, b := s.organized()
	b.want(b.get("/competitions/create?key=another-key-1"), http.StatusOK, "one person can apply with several")
}
