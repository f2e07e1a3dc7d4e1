package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
)

//go:embed templates/*.txt templates/*.html
var files embed.FS

// count formats a number with commas between thousands.
func count(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// plural formats a number of things, given in the singular.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// kindTemplates are the two files of a kind, each with the shared file of its format. KIND.txt defines "subject" and
// "body". KIND.html defines "content", which is embedded in the frame "mail" defined in shared.html.
type kindTemplates struct {
	text   *template.Template
	markup *htmltemplate.Template
}

var templates = parse()

func parse() map[compete.MessageKind]kindTemplates {
	words := map[string]any{"hex": brand.Hex, "hours": hours, "button": newButton, "count": count, "plural": plural}
	text := template.Must(template.New("").Funcs(words).Option("missingkey=error").ParseFS(files,
		"templates/shared.txt"))
	markup := htmltemplate.Must(htmltemplate.New("").Funcs(words).Option("missingkey=error").ParseFS(files,
		"templates/shared.html"))
	all := map[compete.MessageKind]kindTemplates{}
	for _, kind := range compete.MessageKinds() {
		all[kind] = kindTemplates{
			text: template.Must(template.Must(text.Clone()).ParseFS(files, "templates/"+string(kind)+".txt")),
			markup: htmltemplate.Must(htmltemplate.Must(markup.Clone()).ParseFS(files,
				"templates/"+string(kind)+".html")),
		}
	}
	return all
}

// execute renders a part of the text.
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

// button is the action that an email asks for.
type button struct{ URL, Label string }

func newButton(url, label string) button { return button{url, label} }

// hours returns how long a link with this purpose can be used.
func hours(purpose string) string {
	n := int(compete.LinkPurpose(purpose).Life() / time.Hour)
	if n == 1 {
		return "one hour"
	}
	return fmt.Sprintf("%d hours", n)
}
