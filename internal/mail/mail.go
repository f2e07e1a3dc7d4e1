// Package mail writes the messages that users get: a subject and a plain text body for each compete.MessageKind, from
// the templates in templates/. It owns their wording, and that nothing an organizer or a participant typed can add a
// header or break a line of its own. It doesn't decide who gets a message or when (package jobs), and keeps none.
package mail

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"minicompete/internal/compete"
)

// maxSubject bounds a subject, in bytes: with the words "Subject: " before it, it fits a line of RFC 5322 section 2.1.1
// (998 bytes) after the worst of encodings, which takes three bytes for one.
const maxSubject = 300

// Composer writes messages. PublicURL, without a slash at its end, is where their links lead.
type Composer struct {
	PublicURL string
}

// Compose writes the message of the target's Kind. It fails for a kind without a template.
func (c Composer) Compose(t compete.Target) (subject, body string, err error) {
	texts, ok := templates[t.Kind]
	if !ok {
		return "", "", fmt.Errorf("no template for messages of kind %q", t.Kind)
	}
	data := content{
		Name:        oneLine(t.Participant.Name),
		Title:       oneLine(t.Competition.Title),
		Location:    oneLine(t.Competition.Location),
		Starts:      t.Competition.StartDate,
		Position:    t.Registration.Position,
		Competition: c.PublicURL + "/competitions/" + t.Competition.ID,
		AllOthers:   c.PublicURL + "/competitions",
	}
	if subject, err = execute(texts, "subject", data); err != nil {
		return "", "", err
	}
	if body, err = execute(texts, "body", data); err != nil {
		return "", "", err
	}
	return shorten(oneLine(subject), maxSubject), strings.TrimSpace(body) + "\n", nil
}

// content is what a template may use. Its texts are single lines.
type content struct {
	Name        string // of the participant
	Title       string // of the competition
	Location    string // empty when it has none
	Starts      *time.Time
	Position    int    // on the waitlist, from 1; 0 when it is not known
	Competition string // link to its page
	AllOthers   string // link to the list of competitions
}

//go:embed templates/*.txt
var files embed.FS

var templates = parse(
	compete.MessageConfirmed, compete.MessageWaitlisted, compete.MessagePromoted,
	compete.MessageCancelled, compete.MessageCompetitionCancelled, compete.MessageReminder,
)

// parse reads the file of each kind, which defines "subject" and "body", and what they share.
func parse(kinds ...compete.MessageKind) map[compete.MessageKind]*template.Template {
	shared := template.Must(template.New("").Funcs(template.FuncMap{"utc": utc}).Option("missingkey=error").
		ParseFS(files, "templates/shared.txt"))
	all := make(map[compete.MessageKind]*template.Template, len(kinds))
	for _, kind := range kinds {
		all[kind] = template.Must(template.Must(shared.Clone()).ParseFS(files, "templates/"+string(kind)+".txt"))
	}
	return all
}

func execute(t *template.Template, name string, data content) (string, error) {
	var text strings.Builder
	if err := t.ExecuteTemplate(&text, name, data); err != nil {
		return "", fmt.Errorf("write a message: %w", err)
	}
	return text.String(), nil
}

// utc writes a time for people, in the one zone that is right for everybody, and names it.
func utc(t time.Time) string {
	return t.UTC().Format("Monday, 2 January 2006 at 15:04 UTC")
}

// oneLine makes text a single line: line breaks, tabs and other control characters become spaces, and marks that turn
// the direction of writing around are left out, because they make a title read as what it is not.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// shorten cuts text to at most so many bytes, between characters, and shows that it did.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const ellipsis = "…"
	cut := most - len(ellipsis)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimSpace(s[:cut]) + ellipsis
}
