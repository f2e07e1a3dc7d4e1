package compete

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// choice reads one answer, or one choice among the answers to MANY_OF.
func (q *Question) choice(value any) (any, string) {
	if q.Kind != QuestionManyOf {
		return q.read(value)
	}
	text, ok := value.(string)
	if text = normal.Line(text); !ok || !slices.Contains(q.Options, text) {
		return nil, "must be one of the options"
	}
	return text, ""
}

// read returns an answer in its stored form, nil if there is none, or what is wrong with it.
func (q *Question) read(value any) (stored any, problem string) {
	switch q.Kind {
	case QuestionNumber:
		return q.readNumber(value)
	case QuestionYesNo, QuestionConsent:
		if _, ok := value.(bool); !ok && value != nil {
			return nil, "must be true or false"
		}
		return value, ""
	case QuestionManyOf:
		return q.readChoices(value)
	case QuestionText, QuestionLongText, QuestionOneOf, QuestionDate, QuestionPhone, QuestionCountry, QuestionURL:
	}
	text, ok := value.(string)
	if !ok && value != nil {
		return nil, "must be text"
	}
	if !clean(text) {
		return nil, "must be valid UTF-8 text without control characters"
	}
	if text = q.plain(text); text == "" {
		return nil, ""
	}
	return q.readText(text)
}

// plain returns text without what isn't stored of it.
func (q *Question) plain(text string) string {
	if q.Kind == QuestionLongText {
		return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	}
	return normal.Line(text)
}

// readText is read for text that isn't empty.
func (q *Question) readText(text string) (stored any, problem string) {
	switch q.Kind {
	case QuestionText:
		return q.readLength(text, MaxTextAnswer)
	case QuestionLongText:
		return q.readLength(text, MaxLongTextAnswer)
	case QuestionOneOf:
		if !slices.Contains(q.Options, text) {
			return nil, "must be one of the options"
		}
	case QuestionDate:
		if day, err := time.Parse(time.DateOnly, text); err != nil || day.Year() < 1 {
			return nil, "must be a date such as 2026-05-01"
		}
	case QuestionPhone:
		if !isPhone(text) {
			return nil, "must be a phone number such as +41 44 123 45 67"
		}
	case QuestionCountry:
		text = strings.ToUpper(text)
		if !slices.ContainsFunc(Countries, func(c Country) bool { return c.Code == text }) {
			return nil, "must be a country's two-letter code, such as CH"
		}
	case QuestionURL:
		if u, err := url.Parse(text); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
			strings.Contains(text, " ") {
			return nil, "must be a web address such as https://example.org"
		}
		return q.readLength(text, MaxURLAnswer)
	case QuestionNumber, QuestionYesNo, QuestionManyOf, QuestionConsent: // these aren't text
	}
	return text, ""
}

// bound returns a bound as a count, or the given one if there is none.
func bound(b *float64, otherwise int) int {
	if b == nil {
		return otherwise
	}
	return int(*b)
}

func (q *Question) readLength(text string, longest int) (any, string) {
	n, least, most := len([]rune(text)), bound(q.Min, 0), bound(q.Max, longest)
	switch {
	case n < least:
		return nil, fmt.Sprintf("must be at least %d characters long", least)
	case n > most:
		return nil, fmt.Sprintf("must be at most %d characters long", most)
	}
	return text, ""
}

func (q *Question) readNumber(value any) (any, string) {
	n, ok := value.(float64)
	switch {
	case value == nil:
		return nil, ""
	case !ok || math.IsNaN(n):
		return nil, "must be a number"
	}
	least, most := cmp.Or(q.Min, new(-float64(MaxNumber))), cmp.Or(q.Max, new(float64(MaxNumber)))
	switch {
	case n >= *least && n <= *most:
		return n, ""
	case q.Min != nil && q.Max != nil:
		return nil, "must be between " + numberText(*least) + " and " + numberText(*most)
	case n < *least:
		return nil, "must be at least " + numberText(*least)
	}
	return nil, "must be at most " + numberText(*most)
}

// readChoices returns choices in the order of the options, each once.
func (q *Question) readChoices(value any) (any, string) {
	chosen, ok := choicesOf(value)
	if !ok {
		return nil, "must be a list of options"
	}
	if len(chosen) > MaxOptions {
		return nil, fmt.Sprintf("must have at most %d choices", MaxOptions)
	}
	named := make(map[string]bool, len(chosen))
	for _, c := range chosen {
		named[normal.Line(c)] = true
	}
	var stored []string
	for _, option := range q.Options {
		if named[option] {
			stored = append(stored, option)
		}
	}
	if len(stored) < len(named) {
		return nil, "must be among the options"
	}
	switch n, least, most := len(stored), bound(q.Min, 0), bound(q.Max, MaxOptions); {
	case n == 0:
		return nil, ""
	case n < least:
		return nil, fmt.Sprintf("must have at least %d choices", least)
	case n > most:
		return nil, fmt.Sprintf("must have at most %d choices", most)
	}
	return stored, ""
}

func isPhone(text string) bool {
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -./()", r):
		default:
			return false
		}
	}
	return digits >= minPhoneDigits && digits <= maxPhoneDigits
}

// Parse reads one answer, or one choice, from text as AnswerText writes it.
func (q *Question) Parse(text string) (stored any, problem string) {
	switch q.Kind {
	case QuestionNumber:
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return nil, "must be a number"
		}
		return q.readNumber(n)
	case QuestionYesNo, QuestionConsent:
		switch text {
		case "yes", "true":
			return true, ""
		case "no", "false":
			return false, ""
		case "":
			return nil, ""
		}
		return nil, "must be yes or no"
	case QuestionText, QuestionLongText, QuestionOneOf, QuestionManyOf, QuestionDate, QuestionPhone, QuestionCountry,
		QuestionURL:
	}
	return q.choice(text)
}
