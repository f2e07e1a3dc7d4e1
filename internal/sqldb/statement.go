package sqldb

import (
	"fmt"
	"strings"
)

// Statement builds a text whose conditions vary. Each value becomes a parameter; no input becomes part of the text.
type Statement struct {
	text strings.Builder
	args []any
}

// Add appends text; each %s in it becomes the parameter for one value.
func (s *Statement) Add(text string, values ...any) {
	params := make([]any, len(values))
	for i, v := range values {
		s.args = append(s.args, v)
		params[i] = fmt.Sprintf("$%d", len(s.args))
	}
	fmt.Fprintf(&s.text, text, params...)
}

// Text returns the text, with parameters.
func (s *Statement) Text() string { return s.text.String() }

// Args returns the values of the parameters.
func (s *Statement) Args() []any { return s.args }
