package mail

import (
	"bytes"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
)

// keys creates predictable tokens.
type keys struct{}

func (keys) Token(linkID string) string { return "token-of-" + linkID }
func (k keys) TokenOf(l compete.Link) (string, bool) {
	token := k.Token(l.ID)
	return token, compete.HashToken(token) == l.TokenHash
}
func (keys) Unsubscribe(userID string) string         { return "stop-" + userID }
func (keys) Unsubscriber(token string) (string, bool) { return strings.CutPrefix(token, "stop-") }

var sender = Composer{PublicURL: "https://compete.example.com", Keys: keys{}, Details: true}

var noon = time.Date(2030, 5, 3, 12, 0, 0, 0, time.UTC)

func TestEveryMailSaysTheSameInBothParts(t *testing.T) {
	samples, err := sender.Samples(noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) != len(compete.MessageKinds()) {
		t.Fatalf("%d samples of %d kinds", len(samples), len(compete.MessageKinds()))
	}
	for _, m := range samples {
		links := regexp.MustCompile(`https://[^\s"<]+`).FindAllString(m.Text, -1)
		if len(links) == 0 {
			t.Errorf("%s leads nowhere:\n%s", m.Kind, m.Text)
		}
		for _, link := range links {
			if !strings.Contains(m.HTML, `href="`+link+`"`) {
				t.Errorf("%s: the HTML lacks the link %s of the text", m.Kind, link)
			}
		}
		for _, want := range []string{
			"<!DOCTYPE html>", `<html lang="en">`, "prefers-color-scheme: dark",
			`name="color-scheme"`,
		} {
			if !strings.Contains(m.HTML, want) {
				t.Errorf("%s: the HTML lacks %s", m.Kind, want)
			}
		}
		for _, unwanted := range []string{"<no value>", "ZgotmplZ", "<script", "http-equiv", "<img"} {
			if strings.Contains(m.HTML, unwanted) {
				t.Errorf("%s: the HTML holds %s", m.Kind, unwanted)
			}
		}
		if got, want := m.Unsubscribe != "", m.Kind == compete.MessageReminder; got != want {
			t.Errorf("%s: can be unsubscribed from: %t, want %t", m.Kind, got, want)
		}
	}
}

func TestHostileTitlesStayText(t *testing.T) {
	hostile := target(compete.MessageReminder)
	hostile.Competition.Title = `<script>alert("x")</script>`
	hostile.Competition.Location = `"><img src=x onerror=alert(1)>`
	m := mailOf(t, hostile)
	if strings.Contains(m.HTML, "<script>") || strings.Contains(m.HTML, "<img") {
		t.Errorf("what was typed became markup:\n%s", m.HTML)
	}
}

func TestALinkIsInTheMailAlone(t *testing.T) {
	for _, kind := range compete.MessageKinds() {
		page := linkPages[kind.Traits().Link]
		if page == "" {
			continue
		}
		w, err := sender.Account(kind, compete.User{ID: "u", Name: "Ada", Email: "ada@example.com"}, "new@example.com")
		if err != nil {
			t.Fatal(err)
		}
		l := compete.Link{ID: "l", TokenHash: compete.HashToken("token-of-l"), ExpiresAt: noon}
		o := compete.Outgoing{Message: compete.Message{ID: "m", Kind: kind, Subject: w.Subject, Body: w.Body}, Link: &l}
		m, err := sender.Mail(o, w.Details, noon.Add(-time.Second))
		if err != nil {
			t.Fatal(err)
		}
		link := sender.PublicURL + page + "?token=token-of-l"
		if strings.Contains(w.Body+w.Subject+string(w.Details), "token") ||
			!strings.Contains(w.Body, "new@example.com") {
			t.Errorf("%s: the mailbox shows the link, or not where it was sent:\n%s", kind, w.Body)
		}
		if !strings.Contains(m.Text, link+"\n") || !strings.Contains(m.HTML, `href="`+link+`"`) {
			t.Errorf("%s: the mail lacks %s:\n%s", kind, link, m.Text)
		}
		if strings.Contains(m.Text, "Ada") || m.ToName != "" {
			t.Errorf("%s: the mail to an address that nobody confirmed names a name", kind)
		}

		if _, err := sender.Mail(o, w.Details, noon); !errors.Is(err, compete.ErrLinkVoid) {
			t.Errorf("%s with an expired link gave %v, want ErrLinkVoid", kind, err)
		}
		l.TokenHash = compete.HashToken("another")
		if _, err := sender.Mail(o, w.Details, noon.Add(-time.Second)); !errors.Is(err, compete.ErrMailServer) {
			t.Errorf("%s with a link of another secret gave %v, want ErrMailServer", kind, err)
		}
		o.Link = nil
		if _, err := sender.Mail(o, w.Details, noon); !errors.Is(err, compete.ErrLinkVoid) {
			t.Errorf("%s without a link gave %v, want ErrLinkVoid", kind, err)
		}
	}
}

// A process without a mail server logs that an email wasn't sent, but never its text, which may contain a valid link.
func TestLocalLogsNoLink(t *testing.T) {
	var log bytes.Buffer
	local := Local{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	m := compete.Mail{
		MessageID: "m1", Kind: compete.MessagePasswordReset,
		Text: "https://compete.example.com/auth/reset?token=secret",
	}
	if err := local.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "m1") || strings.Contains(log.String(), "token") {
		t.Errorf("the log is %s", &log)
	}
}

func TestLocalKeepsTheLastMails(t *testing.T) {
	local := Local{Logger: discard, Keep: 2}
	for _, id := range []string{"1", "2", "3"} {
		if err := local.Send(t.Context(), compete.Mail{MessageID: id}); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, m := range local.Sent() {
		ids = append(ids, m.MessageID)
	}
	if !slices.Equal(ids, []string{"3", "2"}) {
		t.Errorf("kept %q, want the last two, newest first", ids)
	}
}

// A customized site's name, contact and colors appear in its emails, with markup escaped.
func TestMailsAreTheSites(t *testing.T) {
	accent, err := brand.ParseAccent("#ffe100")
	if err != nil {
		t.Fatal(err)
	}
	own := sender
	own.Site = func() brand.Site {
		return brand.Site{
			Name: "Kubb & <Friends>", Accent: accent, Contact: "help@example.org",
			Imprint: "https://example.org/imprint",
		}
	}
	mails, err := own.Samples(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		for part, want := range map[string][]string{
			m.Text: {"Kubb & <Friends>", "help@example.org", "https://example.org/imprint"},
			m.HTML: {
				"Kubb &amp; &lt;Friends&gt;", `href="mailto:help@example.org"`, brand.Hex(accent.Light.Accent),
				brand.Hex(accent.Dark.Accent),
			},
		} {
			for _, w := range want {
				if !strings.Contains(part, w) {
					t.Errorf("%s has no %q:\n%s", m.Kind, w, part)
				}
			}
			if strings.Contains(part, brand.DefaultName) || strings.Contains(part, "ZgotmplZ") {
				t.Errorf("%s:\n%s", m.Kind, part)
			}
		}
	}
}

func TestSecurityMessagesSayWhatHappenedAndWhatToDo(t *testing.T) {
	verified := compete.User{ID: "u", Name: "Ada", Email: "ada@example.com", VerifiedAt: &noon}
	for _, c := range []struct {
		event   compete.SecurityEvent
		subject string
		says    []string
	}{
		{
			compete.SecurityEvent{What: compete.SecurityDevice, Device: "Chrome on Android", Network: "203.0.113.7"},
			"New login to your account",
			[]string{"Chrome on Android", "203.0.113.7", "change your password", "/account"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityPassword},
			"Your password was changed",
			[]string{"set a new password", "/auth/forgot"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityGuesses},
			"Wrong passwords for your account",
			[]string{"many wrong passwords", "anywhere else", "/account"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityEmail, Address: "new@example.com"},
			"Your account has a new email address",
			[]string{"new@example.com"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityAppAdded},
			"Authenticator app added to your account",
			[]string{"need a code", "/account/security"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityAppRemoved},
			"Authenticator app turned off",
			[]string{"/account/security"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityPasskeyAdded},
			"Passkey added to your account",
			[]string{"without your password", "/account/security"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityPasskeyRemoved},
			"Passkey removed from your account",
			[]string{"/account/security"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityRecoveryCode},
			"A recovery code was used",
			[]string{"work again", "/account/security"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityNewCodes},
			"You have new recovery codes",
			[]string{"no longer work", "/account/security"},
		},
		{
			compete.SecurityEvent{What: compete.SecurityFactorsReset},
			"Your second factors were removed",
			[]string{"set up a second factor again"},
		},
	} {
		w, err := sender.Security(verified, c.event)
		if err != nil {
			t.Fatal(err)
		}
		m := mailWith(t, compete.MessageSecurity, w)
		if m.Subject != c.subject {
			t.Errorf("%s: the subject is %q, want %q", c.event.What, m.Subject, c.subject)
		}
		for _, want := range append(c.says, "Hello Ada,") {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("%s: a part lacks %q:\n%s\n%s", c.event.What, want, m.Text, m.HTML)
			}
		}
		unknown := verified
		unknown.VerifiedAt = nil
		if w, err = sender.Security(unknown, c.event); err != nil || strings.Contains(w.Body, "Ada") {
			t.Errorf("%s: %v; a message to an address that nobody confirmed names a name:\n%s",
				c.event.What, err, w.Body)
		}
	}
}
