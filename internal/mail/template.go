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

// count writes a number with commas between thousands.
func count(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// plural writes a number of things that are named in the singular.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// kindTemplates are the two files of a kind, each with what its sort of file shares: KIND.txt defines "subject" and
// "body", KIND.html "content", which stands in the frame that shared.html defines as "mail".
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
