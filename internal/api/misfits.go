package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// maxMisfits is how many errors about the form of a body are reported at once.
const maxMisfits = 100

// misfits finds what in a JSON value doesn't fit the Go type that it's decoded into. Go's decoder stops at the first
// value of the wrong type without saying where in a list it is, and it takes names in any case and more than once.
type misfits struct {
	namesOnly bool // all values are known to have the right type
	found     []compete.FieldError
}

func (m *misfits) add(at, message string) {
	if len(m.found) < maxMisfits {
		m.found = append(m.found, compete.FieldError{Field: at, Message: message})
	}
}

// look looks at a value in valid JSON without white space around it.
func (m *misfits) look(at string, value []byte, t reflect.Type) {
	if string(value) == "null" {
		return // the same as leaving it out
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		m.object(at, value, t)
	case t.Kind() == reflect.Map:
		m.entries(at, value, t.Elem())
	case t.Kind() == reflect.Slice:
		m.list(at, value, t.Elem())
	case !m.namesOnly && json.Unmarshal(value, reflect.New(t).Interface()) != nil:
		m.add(at, expectation(value, t))
	}
}

func (m *misfits) object(at string, value []byte, t reflect.Type) {
	if value[0] != '{' {
		m.add(at, "must be an object")
		return
	}
	fields := fieldsOf(t)
	var seen uint64 // by number of the field
	for name, inner := range members(value) {
		field, known := fields[string(name)]
		if !known {
			m.add(inside(at, string(name)), unknown(fields, string(name)))
			continue
		}
		switch place := inside(at, string(name)); {
		case seen&(1<<field.number) != 0:
			m.add(place, "must be sent only once")
		case field.notNull && string(inner) == "null":
			m.add(place, "must not be null")
		default:
			m.look(place, inner, field.valueType)
		}
		seen |= 1 << field.number
	}
	if one, ok := reflect.Zero(t).Interface().(interface{ oneOf() string }); ok && seen == 0 {
		m.add(at, "must have "+one.oneOf())
	}
}

// unknown says that no field has this name.
func unknown(fields map[string]jsonField, name string) string {
	for proper := range fields {
		if strings.EqualFold(proper, name) {
			return "is not a known field; did you mean " + proper + "?"
		}
	}
	return "is not a known field"
}

func (m *misfits) entries(at string, value []byte, t reflect.Type) {
	if value[0] != '{' {
		m.add(at, "must be an object")
		return
	}
	seen := make(map[string]bool)
	for name, inner := range members(value) {
		entry := inside(at, string(name))
		if seen[string(name)] {
			m.add(entry, "must be sent only once")
			continue
		}
		seen[string(name)] = true
		m.look(entry, inner, t)
	}
}

func (m *misfits) list(at string, value []byte, t reflect.Type) {
	if value[0] != '[' {
		m.add(at, "must be a list"+of(t))
		return
	}
	if m.namesOnly && t.Kind() != reflect.Struct {
		return
	}
	i := 0
	for inner := range elements(value) {
		m.look(fmt.Sprintf("%s[%d]", at, i), inner, t)
		i++
	}
}

// of says what a list is of, where that's one type.
func of(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return " of objects"
	case reflect.String:
		return " of strings"
	default:
		return ""
	}
}

// inside returns the name in errors of a member of the object at a place.
func inside(at, name string) string {
	if name = shorten(name); at == "" {
		return name
	}
	return at + "." + name
}

// related reports whether one of two fields is the other, or within it.
func related(field, other string) bool {
	if len(field) < len(other) {
		field, other = other, field
	}
	rest, ok := strings.CutPrefix(field, other)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// shorten keeps a problem document small, however long a submitted field name is.
func shorten(name string) string {
	const longest = 64
	if runes := []rune(name); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return name
}

// expectation describes the values that the given type takes, where value isn't one of them.
func expectation(value []byte, t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "must be an RFC 3339 time, such as 2026-05-01T12:00:00Z"
	case t.Kind() == reflect.String:
		return "must be a string"
	case t.Kind() == reflect.Bool:
		return "must be true or false"
	case outOfRange(value), t.Kind() == reflect.Interface: // which takes everything else
		return "is out of range"
	case t.Kind() == reflect.Float64:
		return "must be a number"
	}
	return "must be a whole number"
}

// outOfRange reports whether a value is a number that no Go type of its kind can hold.
func outOfRange(value []byte) bool {
	_, err := strconv.ParseInt(string(value), 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		_, err = strconv.ParseFloat(string(value), 64)
	}
	return errors.Is(err, strconv.ErrRange)
}

// jsonField is a field of a request.
type jsonField struct {
	number    int   // of the field in its struct
	index     []int // for reflect.Value.FieldByIndex
	valueType reflect.Type
	notNull   bool
}

var knownFields sync.Map // from a struct's reflect.Type to the map that fieldsOf returns

// fieldsOf returns the fields of a struct, with those of embedded ones, by their names in JSON.
func fieldsOf(t reflect.Type) map[string]jsonField {
	if known, ok := knownFields.Load(t); ok {
		return known.(map[string]jsonField)
	}
	fields := make(map[string]jsonField)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		field := jsonField{number: len(fields), index: f.Index, valueType: f.Type}
		if o, ok := reflect.Zero(f.Type).Interface().(interface{ valueType() reflect.Type }); ok {
			field.valueType = o.valueType()
			field.notNull = field.valueType.Kind() != reflect.Pointer
		}
		fields[name] = field
	}
	knownFields.Store(t, fields)
	return fields
}

// members yields the names and values of an object in valid JSON.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for rest := next(object); rest[0] != '}'; {
			length := lengthOf(rest)
			name := rest[1 : length-1]
			if bytes.IndexByte(name, '\\') >= 0 {
				var plain string
				_ = json.Unmarshal(rest[:length], &plain) // it's valid
				name = []byte(plain)
			}
			rest = next(bytes.TrimLeft(rest[length:], jsonSpace))
			length = lengthOf(rest)
			if !yield(name, rest[:length]) {
				return
			}
			rest = following(rest[length:])
		}
	}
}

// elements yields the elements of a list in valid JSON.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func(element []byte) bool) {
		for rest := next(list); rest[0] != ']'; {
			length := lengthOf(rest)
			if !yield(rest[:length]) {
				return
			}
			rest = following(rest[length:])
		}
	}
}

// next returns what follows the byte at the start and white space.
func next(text []byte) []byte { return bytes.TrimLeft(text[1:], jsonSpace) }

// following returns what follows a member or element and its comma.
func following(text []byte) []byte {
	if text = bytes.TrimLeft(text, jsonSpace); text[0] == ',' {
		return next(text)
	}
	return text
}

// lengthOf returns the length of the value at the start of valid JSON.
func lengthOf(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // of a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
