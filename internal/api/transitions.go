package api

import (
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
)

// transitionTable is the table of all changes of a registration's status, in Markdown. Those that differ in where they
// begin share a row.
func transitionTable() string {
	var b strings.Builder
	b.WriteString("| from | when | to |\n|---|---|---|\n")
	from := []string{}
	for i, t := range compete.Transitions {
		status := "`" + string(t.From) + "`"
		if t.From == "" {
			status = "–"
		}
		from = append(from, status)
		if next := i + 1; next < len(compete.Transitions) {
			if n := compete.Transitions[next]; n.Event == t.Event && n.To == t.To && n.When == t.When {
				continue
			}
		}
		to := "`" + string(t.To) + "`"
		if t.Reason != "" {
			to += " `" + string(t.Reason) + "`"
		}
		b.WriteString("| " + strings.Join(from, ", ") + " | " + t.When + " | " + to + " |\n")
		from = from[:0]
	}
	return b.String()
}
