package sqldb

import (
	"fmt"
	"strings"
)

// Statement puts a text together whose conditions vary. Each value becomes a parameter; nothing that was sent enters
// the text.
type Statement struct {
	text strings.Builder
	args []any
}

// Add appends text; each %s in it becomes the parameter of one value.
func (s *Statement) Add(text string, values ...any) {
	params := make([]any, len(values))
	for i, v := range values {
		s.args = append(s.args, v)
		params[i] = fmt.Sprintf("$%d", len(s.args))
	}
	fmt.Fprintf(&s.text, text, params...)
}

// Text is what was added, with parameters.
func (s *Statement) Text() string { return s.text.String() }

// Args are the values of the parameters.
func (s *Statement) Args() []any { return s.args }
