package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"

	"minicompete/internal/brand"
	"minicompete/internal/compete"
)

//go:embed templates/*.txt templates/*.html
var files embed.FS

// kinds are the kinds that have templates.
var kinds = []compete.MessageKind{
	compete.MessageConfirmed, compete.MessageWaitlisted, compete.MessagePromoted,
	compete.MessageCancelled, compete.MessageRemoved, compete.MessageCompetitionCancelled, compete.MessageReminder, compete.MessageChanged,
	compete.MessageVerifyEmail, compete.MessagePasswordReset, compete.MessageChangeEmail,
	compete.MessageAddressInUse, compete.MessageSecurity, compete.MessageTest,
	compete.MessageOrganizerApproved, compete.MessageOrganizerDeclined,
}

// kindTemplates are the two files of a kind, each with what its sort of file shares: KIND.txt defines "subject" and "body",
// KIND.html "content", which stands in the frame that shared.html defines as "mail".
type kindTemplates struct {
	text   *template.Template
	markup *htmltemplate.Template
}

var templates = parse()

func parse() map[compete.MessageKind]kindTemplates {
	words := map[string]any{"hex": brand.Hex, "hours": hours, "button": newButton}
	text := template.Must(template.New("").Funcs(words).Option("missingkey=error").ParseFS(files, "templates/shared.txt"))
	markup := htmltemplate.Must(htmltemplate.New("").Funcs(words).Option("missingkey=error").ParseFS(files, "templates/shared.html"))
	all := make(map[compete.MessageKind]kindTemplates, len(kinds))
	for _, kind := range kinds {
		all[kind] = kindTemplates{
			text:   template.Must(template.Must(text.Clone()).ParseFS(files, "templates/"+string(kind)+".txt")),
			markup: htmltemplate.Must(htmltemplate.Must(markup.Clone()).ParseFS(files, "templates/"+string(kind)+".html")),
		}
	}
	return all
}

// execute writes a part of the text.
func (t kindTemplates) execute(name string, data content) (string, error) {
	var out strings.Builder
	if err := t.text.ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("write a message: %w", err)
	}
	return strings.TrimSpace(out.String()) + "\n", nil
}

func (t kindTemplates) html(data content) (string, error) {
	var out strings.Builder
	if err := t.markup.ExecuteTemplate(&out, "mail", data); err != nil {
		return "", fmt.Errorf("write the HTML of a mail: %w", err)
	}
	return strings.TrimSpace(out.String()) + "\n", nil
}

// button is what a mail asks its reader to press.
type button struct{ URL, Label string }

func newButton(url, label string) button { return button{url, label} }

// hours says how long a link of the purpose can be used.
func hours(purpose string) string {
	n := int(compete.LinkPurpose(purpose).Life() / time.Hour)
	if n == 1 {
		return "one hour"
	}
	return fmt.Sprintf("%d hours", n)
}
