package compete

import (
	"crypto/sha256"
	_ "embed"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/normal"
)

// commonPasswords are the 100,000 most common ones of at least MinPasswordLength characters, in lower case, each as the
// first commonSize bytes of its SHA-256, sorted: so they need neither a megabyte nor to be unpacked. One in ten million
// others is taken for one. They come from SecLists' list of the most common million: see LICENSES.txt.
//
//go:embed common_passwords.bin
var commonPasswords string

const commonSize = 5 // bytes

// programWords is the program's own name.
const programWords = "mini compete"

// minOwnWord is the minimum length of a name for it to make a password personal, and minOthers the minimum length of
// the rest of the password for it to be acceptable anyway, in characters.
const (
	minOwnWord = 3
	minOthers  = 4
)

// minDistinct is the minimum number of different visible characters of a password.
const minDistinct = 4

// PasswordRules decides which new passwords are refused.
type PasswordRules struct {
	Any      bool          // allows passwords that are easy to guess
	SiteName func() string `optional:"it has none"` // a password can't be made of it or of the user's own words
}

// check refuses a password that is easy to guess: a common one, one of hardly any different characters, or one made of
// the user's name, email or the site's name. It adds the refusal to wrong.
func (r *PasswordRules) check(wrong error, password, name, email string) error {
	site := ""
	if r.SiteName != nil {
		site = r.SiteName()
	}
	if r.Any || !isCommon(password) && !isMonotonous(password) &&
		!isPersonal(password, name, email, programWords, site) {
		return wrong
	}
	var fields []FieldError
	if wrong != nil {
		fields = AsError(wrong).Fields
	}
	if slices.ContainsFunc(fields, func(f FieldError) bool { return f.Field == "password" }) {
		return wrong
	}
	return Invalid(append(fields, FieldError{
		Field: "password",
		Message: "is too easy to guess: choose one that isn't common or based on your name, " +
			"your email or this site's name",
	})...)
}

func isCommon(password string) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(password)))
	wanted, n := string(sum[:commonSize]), len(commonPasswords)/commonSize
	at := func(i int) string { return commonPasswords[i*commonSize : (i+1)*commonSize] }
	i := sort.Search(n, func(i int) bool { return at(i) >= wanted })
	return i < n && at(i) == wanted
}

// isMonotonous reports whether a password has few different characters, not counting spaces and what is invisible.
func isMonotonous(password string) bool {
	distinct := map[rune]bool{}
	for _, r := range normal.Fold(password) {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			distinct[r] = true
		}
	}
	return len(distinct) < minDistinct
}

// isPersonal reports whether hardly anything is left of a password after removing the given words, and the digits and
// signs around them.
func isPersonal(password string, of ...string) bool {
	rest := normal.Fold(password)
	found := false
	for _, word := range ownWords(of) {
		if without := strings.ReplaceAll(rest, word, " "); without != rest {
			found, rest = true, without
		}
	}
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, rest)
	return found && utf8.RuneCountInString(letters) < minOthers
}

// ownWords returns the words of the texts, and each text as one word, longest first.
func ownWords(texts []string) []string {
	var words []string
	for _, text := range texts {
		parts := strings.FieldsFunc(normal.Fold(text),
			func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
		for _, word := range append(parts, strings.Join(parts, "")) {
			if utf8.RuneCountInString(word) >= minOwnWord {
				words = append(words, word)
			}
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}
