package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
)

// extremeTours show input that no demo has: unbreakable lines, right-to-left text, the maximum of everything.
func extremeTours(t *testing.T, s site) []tour {
	t.Helper()
	client := s.replicas[0].Visitor()
	account := func(name, email, role string) *visitor {
		var login struct{ Token string }
		client.Do(http.MethodPost, "/api/auth/signup",
			map[string]any{"name": name, "email": email, "password": apptest.Password, "role": role}).
			Want(t, http.StatusCreated).JSON(t, &login)
		client.Token = login.Token
		v := newVisitor(t, s.first(), name)
		v.logInDirectly(email, apptest.Password)
		return v
	}
	participant := account("מרים 🏃‍♀️ (ירושלים)", "miriam@example.com", "PARTICIPANT")
	organizer := account(strings.Repeat("Bartholomaios", 7), strings.Repeat("o", 60)+"@"+strings.Repeat("odd.", 14)+
		"example", "ORGANIZER")
	tags := make([]string, 10)
	for i := range tags {
		tags[i] = strings.Repeat(string(rune('a'+i)), 32)
	}
	now := time.Now()
	long := "/competitions/" + client.Create(map[string]any{
		"title": strings.Repeat("Donaudampfschiff", 7), "description": "# " + strings.Repeat("W", 300) + "\n\n`" +
			strings.Repeat("c", 300) + "`\n\n| a | b |\n|---|---|\n| " + strings.Repeat("x", 200) + " | y |",
		"location": "https://example.org/" + strings.Repeat("room", 40), "tags": tags, "capacity": 1_000_000,
		"waitlist":    true,
		"regDeadline": now.AddDate(30, 0, 0), "startDate": now.AddDate(31, 0, 0),
	})
	hebrew := "/competitions/" + client.Create(map[string]any{
		"title": "מרוץ הלילה: 10 ק״מ (תל אביב)!", "description": "רצים לאורך הים.\n\n- מים כל 4 ק״מ\n- *תאורה* חובה",
		"location": "טיילת, תל אביב 🌊",
		"tags":     []string{"ריצה", "🏃"}, "capacity": 1, "waitlist": true, "startDate": now.AddDate(0, 1, 0),
	})
	participant.open(hebrew)
	participant.click(registerButton)
	participant.see("#stand-title", "You're in")
	participant.newMail()
	return []tour{
		{organizer, []stop{
			{name: "extreme-competition", path: long},
			{name: "extreme-edit", path: long + "/edit"},
			{name: "extreme-dashboard-organizer", path: "/dashboard"},
			{name: "extreme-registrations", path: hebrew + "/registrations"},
			{name: "extreme-cancel", path: long, then: func(v *visitor) {
				v.click(`a[href$="/cancel"]`)
				v.see("dialog", "Cancel this competition?")
			}},
			{name: "extreme-account", path: "/account"},
		}},
		{participant, []stop{
			{name: "extreme-competitions", path: "/competitions?tags=" + tags[0]},
			{name: "extreme-in", path: hebrew},
			{name: "extreme-dashboard-participant", path: "/dashboard"},
			{name: "extreme-mailbox", path: "/mailbox"},
			{name: "extreme-message", path: participant.find("/mailbox", "You're in")},
		}},
	}
}
