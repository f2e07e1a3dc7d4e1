package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"minicompete/internal/compete"
)

// texts are what is searched in, by a short name: as titles of competitions and as names of people.
var texts = map[string]string{
	"tokyo": "東京数学オリンピック", "thai": "การแข่งขันคณิตศาสตร์", "korea": "한국수학올림피아드", "party": "🎉Party 👩‍💻🇩🇪", "cyr": "Олимпиада Ёлка",
	"zoe": "Zoë DÍAZ", "muller": "Jürgen Müller", "strasse": "GROẞE Straße", "lodz": "Łódź Øresund Đorđević", "ist": "İstanbul ILICA", "aes": "Æsop Œuvre",
	"greek": "ΣΊΣΥΦΟΣ", "viet": "Nguyễn Văn Đức", "arab": "مُحَمَّد علی", "heb": "שָׁלוֹם", "kana": "ｶﾞｰﾙｽﾞ", "wide": "Ｃｕｐ ①", "nfd": "Cafe\u0301",
}

// finds is which of the texts a search has to find, on every database.
var finds = map[string]string{
	"数学": "tokyo", "オリンピック": "tokyo", "リン": "tokyo", "学": "tokyo", "東京数学オリンピック": "tokyo", "学数": "", "東京 数学": "tokyo", "京": "tokyo",
	"คณิต": "thai", "แข่งขัน": "thai", "수학": "korea", "올림피아드": "korea", "학": "korea", "🎉": "party", "party": "party", "👩‍💻": "party", "💻": "party", "🇩🇪": "party", "🎈": "",
	"олимпиада": "cyr", "ОЛИМП": "cyr", "елка": "cyr", "ЁЛКА": "cyr", "zoe": "zoe", "ZOË": "zoe", "zoe\u0308": "zoe", "diaz": "zoe", "díaz zoe": "zoe", "muller": "muller", "MÜLLER": "muller",
	"strasse": "strasse", "straße": "strasse", "STRASSE": "strasse", "grosse": "strasse", "lodz": "lodz", "ŁÓDŹ": "lodz", "oresund": "lodz", "øre": "lodz", "dordevic": "lodz",
	"istanbul": "ist", "ISTANBUL": "ist", "ıstanbul": "ist", "ilica": "ist", "ılıca": "ist", "aesop": "aes", "oeuvre": "aes", "ŒUVRE": "aes",
	"σίσυφος": "greek", "σισυφοσ": "greek", "nguyen duc": "viet", "محمد": "arab", "علي": "arab", "שלום": "heb", "ガールズ": "kana", "cup": "wide", "cup 1": "wide", "cafe": "nfd", "CAFÉ": "nfd",
	"\u200bzo\u200be": "zoe",
}

func testForms(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	competition := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Title = "nothing of it" })
	names := map[string]string{} // of competitions and users, by id
	for name, text := range texts {
		c := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Title, c.Tags = text, []string{text} })
		r := f.addRegistration(t, competition.ID, compete.RegistrationConfirmed, nil)
		must(t, f.SetName(t.Context(), r.UserID, text, f.now))
		names[c.ID], names[r.UserID] = name, name
	}
	t.Run("found", func(t *testing.T) { f.wantFinds(t, competition.ID, names) })
	t.Run("found by tag", func(t *testing.T) {
		for tag, found := range map[string]string{
			"zoë díaz": "zoe", "ZOE DIAZ": "zoe", "grosse strasse": "strasse", "東京数学オリンピック": "tokyo", "東京": "", "jurgen muller": "muller", "café": "nfd",
		} {
			f.wantCompetitions(t, "tag "+tag, compete.CompetitionFilter{Tags: []string{tag}}, names, found)
		}
		f.wantCompetitions(t, "a tag in the form of it", compete.CompetitionFilter{Tags: []string{"cafe"}, Search: "café"}, names, "nfd")
	})
	// As an older version or a tool outside leaves them.
	f.exec(t, `UPDATE users SET search_text = NULL`)
	f.exec(t, `UPDATE competitions SET searchable = false`)
	f.exec(t, `UPDATE competition_tags SET folded = NULL`)
	f.exec(t, `DELETE FROM competition_search`)
	t.Run("written without it", func(t *testing.T) {
		f.wantCompetitions(t, "tag", compete.CompetitionFilter{Tags: []string{"zoe diaz"}}, names, "zoe")
		f.wantFinds(t, competition.ID, names)
	})
	t.Run("by the next start", func(t *testing.T) {
		f.exec(t, `UPDATE competitions SET searchable = false`)
		f.exec(t, `UPDATE users SET search_text = NULL`)
		must(t, f.Migrate(t.Context()))
		var left int
		must(t, f.Reader().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM users WHERE search_text IS NULL)
			+ (SELECT count(*) FROM competitions WHERE NOT searchable)`).Scan(&left))
		want(t, "rows that are not found", left, 0)
	})
	t.Run("renamed", func(t *testing.T) { testRenamed(t, f, competition.ID) })
}

// wantFinds runs the table of searches over competitions, people and participants.
func (f *fixture) wantFinds(t *testing.T, competitionID string, names map[string]string) {
	t.Helper()
	for search, found := range finds {
		f.wantCompetitions(t, search, compete.CompetitionFilter{Search: search}, names, found)
		users, err := f.Users(t.Context(), search, compete.Cursor{}, 100)
		must(t, err)
		wantNames(t, "people, "+search, ids(users.Items, func(u compete.User) string { return u.ID }), names, found)
		registrations, err := f.RegistrationsOfCompetition(t.Context(), competitionID, compete.RegistrationFilter{Search: search, Limit: 100})
		must(t, err)
		wantNames(t, "participants, "+search, ids(registrations.Items, func(r compete.ParticipantRegistration) string { return r.UserID }), names, found)
	}
}

func (f *fixture) wantCompetitions(t *testing.T, what string, filter compete.CompetitionFilter, names map[string]string, found string) {
	t.Helper()
	filter.Sort, filter.Limit, filter.Now = compete.SortNewest, 100, f.now
	page, err := f.Competitions(t.Context(), filter)
	must(t, err)
	wantNames(t, "competitions, "+what, ids(page.Items, func(c compete.Competition) string { return c.ID }), names, found)
}

// wantNames leaves out what isn't of texts.
func wantNames(t *testing.T, what string, got []string, names map[string]string, found string) {
	t.Helper()
	var named []string
	for _, id := range got {
		if name := names[id]; name != "" {
			named = append(named, name)
		}
	}
	slices.Sort(named)
	if expected := strings.Fields(found); !slices.Equal(named, expected) {
		t.Errorf("%s (%+q): finds %v, want %v", what, what, named, expected)
	}
}

// testRenamed finds people by the name that they have, and no longer by one that they had, whoever wrote it.
func testRenamed(t *testing.T, f *fixture, competitionID string) {
	r := f.addRegistration(t, competitionID, compete.RegistrationConfirmed, nil)
	find := func(search string) int {
		users, err := f.Users(t.Context(), search, compete.Cursor{}, 100)
		must(t, err)
		return len(users.Items)
	}
	must(t, f.SetName(t.Context(), r.UserID, "Œdipus", f.now))
	want(t, "by the new name", find("oedipus"), 1)
	f.exec(t, `UPDATE users SET name = 'Người', email = 'gone@example.com' WHERE id = $1`, r.UserID)
	var left int
	must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM users WHERE search_text LIKE '%oedipus%'`).Scan(&left))
	for what, found := range map[string]int{"oedipus": 0, "nguoi gone@": 1, r.UserID: 0} {
		want(t, fmt.Sprintf("by %s, with %d rows of the old name", what, left), find(what)+left, found)
	}
}
