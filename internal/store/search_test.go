package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// texts are the texts to search, by a short name: used as titles of competitions and as names of people.
var texts = map[string]string{
	"tokyo": "東京数学オリンピック", "thai": "การแข่งขันคณิตศาสตร์", "korea": "한국수학올림피아드", "party": "🎉Party 👩‍💻🇩🇪",
	"cyr": "Олимпиада Ёлка",
	"zoe": "Zoë DÍAZ", "muller": "Jürgen Müller", "strasse": "GROẞE Straße", "lodz": "Łódź Øresund Đorđević",
	"ist": "İstanbul ILICA", "aes": "Æsop Œuvre",
	"greek": "ΣΊΣΥΦΟΣ", "viet": "Nguyễn Văn Đức", "arab": "مُحَمَّد علی", "heb": "שָׁלוֹם", "kana": "ｶﾞｰﾙｽﾞ",
	"wide": "Ｃｕｐ ①", "nfd": "Cafe\u0301",
}

// finds maps searches to the texts they have to find, on every database.
var finds = map[string]string{
	"数学": "tokyo", "オリンピック": "tokyo", "リン": "tokyo", "学": "tokyo", "東京数学オリンピック": "tokyo", "学数": "",
	"東京 数学": "tokyo", "京": "tokyo",
	"คณิต": "thai", "แข่งขัน": "thai", "수학": "korea", "올림피아드": "korea", "학": "korea", "🎉": "party", "party": "party",
	"👩‍💻": "party", "💻": "party", "🇩🇪": "party", "🎈": "",
	"олимпиада": "cyr", "ОЛИМП": "cyr", "елка": "cyr", "ЁЛКА": "cyr", "zoe": "zoe", "ZOË": "zoe", "zoe\u0308": "zoe",
	"diaz": "zoe", "díaz zoe": "zoe", "muller": "muller", "MÜLLER": "muller",
	"strasse": "strasse", "straße": "strasse", "STRASSE": "strasse", "grosse": "strasse", "lodz": "lodz",
	"ŁÓDŹ": "lodz", "oresund": "lodz", "øre": "lodz", "dordevic": "lodz",
	"istanbul": "ist", "ISTANBUL": "ist", "ıstanbul": "ist", "ilica": "ist", "ılıca": "ist", "aesop": "aes",
	"oeuvre": "aes", "ŒUVRE": "aes",
	"σίσυφος": "greek", "σισυφοσ": "greek", "nguyen duc": "viet", "محمد": "arab", "علي": "arab", "שלום": "heb",
	"ガールズ": "kana", "cup": "wide", "cup 1": "wide", "cafe": "nfd", "CAFÉ": "nfd",
	"\u200bzo\u200be": "zoe",
}

func TestSearchCompetitions(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		names := map[string]string{}
		add := func(name, title, description string, tags ...string) compete.Competition {
			c := f.addCompetition(t, organizer,
				func(c *compete.Competition) { c.Title, c.Description, c.Tags = title, description, tags })
			names[c.ID] = name
			return c
		}
		cpp := add("cpp", "C++ Coding Contest 2030", "Write C++ and win. Half-day event.", "c++", "coding")
		add("ran", "City Run: 10k", "Café at the finish; Straße gesperrt. O'Brien's \"cup\".", "running", "outdoor")
		add("oly", "Олимпиада по математике", "For pupils. 数学オリンピック हिन्दी", "math")
		add("nul", "NOT AND OR NEAR", "a*b (x) -y ^z {w}: column : words", "or")

		for search, found := range map[string]string{
			"coding": "cpp", "CODING contest": "cpp", "cod": "cpp", "cod contest": "", "contest cod": "cpp",
			"c++": "cpp,ran,nul", "c": "cpp,ran,nul",
			"half day": "cpp", "half-d": "cpp", "10k": "ran", "run 10": "ran", "café": "ran", "CAFE": "ran",
			"straße": "ran", "o'brien": "ran", `"cup"`: "ran",
			"олимп": "oly", "ОЛИМПИАДА": "oly", "数学": "oly", "हिन्दी": "oly", "math": "oly", "outdoor run": "ran",
			"running": "ran", "coding math": "",
			"or": "nul", "NOT": "nul", "AND OR": "nul", "near": "nul", "column words": "nul", "column:words": "nul",
			"words:": "nul", "title:coding": "",
			"{words} : x": "nul", "win OR math": "", "win AND math": "", "NEAR(win event)": "",
			"-win": "cpp", "^win": "cpp",
			`"*( OR -`: "nul", `"`: "", "*": "", "'": "", "(": "", "---": "", "%": "", "\\": "", "\x00": "", "\xff": "",
			"😀": "", ";DROP TABLE users": "",
			"win:*": "cpp", "win*": "cpp", "wi": "cpp", "win & event": "cpp", "win | math": "", "!win": "cpp",
			"<->": "", "it's": "",
			strings.Repeat("x", 200): "", strings.Repeat("(", 200): "", strings.Repeat("a ", 100): "nul",
			"": "cpp,ran,oly,nul",
		} {
			page, err := f.Competitions(t.Context(),
				compete.CompetitionFilter{Search: search, Sort: compete.SortNewest, Limit: 20, Now: f.now})
			must(t, err)
			got := ids(page.Items, func(c compete.Competition) string { return names[c.ID] })
			expected := strings.FieldsFunc(found, func(r rune) bool { return r == ',' })
			slices.Sort(got)
			slices.Sort(expected)
			want(t, fmt.Sprintf("search %q", search), got, expected)
		}

		var found []string
		for range 30 {
			found = append(found,
				f.addCompetition(t, organizer, func(c *compete.Competition) { c.Title = "Walkabout" }).ID)
		}
		walked := walk(t, "newest", func(cursor compete.Cursor) (compete.Page[compete.Competition], error) {
			return f.Competitions(t.Context(),
				compete.CompetitionFilter{
					Search: "walkab", Tags: []string{"go"}, Sort: compete.SortNewest,
					Cursor: cursor, Limit: 7, Now: f.now,
				})
		})
		slices.Reverse(found) // all at the same time: the latest id is the newest
		want(t, "found, page by page", ids(walked, func(c compete.Competition) string { return c.ID }), found)

		// The search follows changes of the content.
		must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
			state, err := tx.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{cpp.ID}})
			if err != nil {
				return err
			}
			c := &state.Competitions[0]
			c.Title, c.Tags, c.ContentSet = "Rust Contest", []string{"rust"}, true
			c.Version++
			return tx.Write(t.Context(), compete.LedgerChanges{Competitions: state.Competitions})
		}))
		for search, n := range map[string]int{"rust": 1, "coding": 0, "win": 1} {
			page, err := f.Competitions(t.Context(),
				compete.CompetitionFilter{Search: search, Sort: compete.SortNewest, Limit: 20, Now: f.now})
			must(t, err)
			if len(page.Items) != n {
				t.Errorf("after the change, search %q finds %d, want %d", search, len(page.Items), n)
			}
		}
		changed, err := f.Competition(t.Context(), cpp.ID)
		must(t, err)
		want(t, "tags after the change", changed.Tags, []string{"rust"})
	})
}

func TestSearchForms(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		competition := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Title = "nothing of it" })
		names := map[string]string{} // of competitions and users, by id
		for name, text := range texts {
			c := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Title, c.Tags = text, []string{text} })
			r := f.addRegistration(t, competition.ID, compete.RegistrationConfirmed, nil)
			// The digits of an ID may spell "cafe", and a name in the address, such as "korea", may match a search for
			// another text.
			f.exec(t, `UPDATE users SET email = $2 WHERE id = $1`, r.UserID, fmt.Sprintf("%d@example.org", len(names)))
			must(t, f.UpdateProfile(t.Context(), r.UserID, compete.ProfileUpdate{Name: &text}, f.now))
			names[c.ID], names[r.UserID] = name, name
		}
		t.Run("found", func(t *testing.T) { f.wantFinds(t, competition.ID, names) })
		t.Run("found by tag", func(t *testing.T) {
			for tag, found := range map[string]string{
				"zoë díaz": "zoe", "ZOE DIAZ": "zoe", "grosse strasse": "strasse", "東京数学オリンピック": "tokyo", "東京": "",
				"jurgen muller": "muller", "café": "nfd",
			} {
				f.wantCompetitions(t, "tag "+tag, compete.CompetitionFilter{Tags: []string{tag}}, names, found)
			}
			f.wantCompetitions(t, "a tag in the form of it",
				compete.CompetitionFilter{Tags: []string{"cafe"}, Search: "café"}, names, "nfd")
		})
		// As left by an older version or an external tool.
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
			must(t, f.Reader().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM users
				WHERE search_text IS NULL)
			+ (SELECT count(*) FROM competitions WHERE NOT searchable)`).Scan(&left))
			want(t, "rows that are not found", left, 0)
		})
		t.Run("renamed", func(t *testing.T) { testRenamed(t, f, competition.ID) })
		t.Run("rewritten", func(t *testing.T) { testRewritten(t, f, organizer) })
		t.Run("tidied", func(t *testing.T) { testTidied(t, f, organizer) })
	})
}

// wantFinds runs the table of searches over competitions, people and participants.
func (f *fixture) wantFinds(t *testing.T, competitionID string, names map[string]string) {
	t.Helper()
	for search, found := range finds {
		f.wantCompetitions(t, search, compete.CompetitionFilter{Search: search}, names, found)
		users, err := f.Users(t.Context(), search, compete.Cursor{}, 100)
		must(t, err)
		wantNames(t, "people, "+search, ids(users.Items, func(u compete.User) string { return u.ID }), names, found)
		registrations, err := f.RegistrationsOfCompetition(t.Context(), competitionID,
			compete.RegistrationFilter{Search: search, Limit: 100})
		must(t, err)
		wantNames(t, "participants, "+search,
			ids(registrations.Items, func(r compete.ParticipantRegistration) string { return r.UserID }), names, found)
	}
}

func (f *fixture) wantCompetitions(
	t *testing.T, what string, filter compete.CompetitionFilter, names map[string]string, found string,
) {
	t.Helper()
	filter.Sort, filter.Limit, filter.Now = compete.SortNewest, 100, f.now
	page, err := f.Competitions(t.Context(), filter)
	must(t, err)
	wantNames(t, "competitions, "+what, ids(page.Items, func(c compete.Competition) string { return c.ID }), names,
		found)
}

// wantNames ignores results that aren't in texts.
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

// testRenamed finds people by their current name and not by an earlier one, whichever program wrote it.
func testRenamed(t *testing.T, f *fixture, competitionID string) {
	r := f.addRegistration(t, competitionID, compete.RegistrationConfirmed, nil)
	find := func(search string) int {
		users, err := f.Users(t.Context(), search, compete.Cursor{}, 100)
		must(t, err)
		return len(users.Items)
	}
	must(t, f.UpdateProfile(t.Context(), r.UserID, compete.ProfileUpdate{Name: new("Œdipus")}, f.now))
	want(t, "by the new name", find("oedipus"), 1)
	f.exec(t, `UPDATE users SET name = 'Người', email = 'gone@example.com' WHERE id = $1`, r.UserID)
	var left int
	must(t, f.Reader().QueryRowContext(t.Context(),
		`SELECT count(*) FROM users WHERE search_text LIKE '%oedipus%'`).Scan(&left))
	for what, found := range map[string]int{"oedipus": 0, "nguoi gone@": 1, r.UserID: 0} {
		want(t, fmt.Sprintf("by %s, with %d rows of the old name", what, left), find(what)+left, found)
	}
}

// testRewritten finds competitions by their current content, whichever program wrote it.
func testRewritten(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, func(c *compete.Competition) {
		c.Title, c.Description, c.Tags = "Erstwhile", "formerly", []string{"bygone", "lasting"}
	})
	names := map[string]string{c.ID: "it"}
	finds := func(step string, found map[string]string) {
		t.Helper()
		for search, name := range found {
			f.wantCompetitions(t, step+": "+search, compete.CompetitionFilter{Search: search}, names, name)
		}
	}
	finds("at first", map[string]string{"erstwhile formerly bygone lasting": "it"})
	f.exec(t, `UPDATE competitions SET title = 'Henceforth' WHERE id = $1`, c.ID)
	finds("another title", map[string]string{"henceforth": "it", "erstwhile": ""})
	f.exec(t, `UPDATE competitions SET description = 'presently' WHERE id = $1`, c.ID)
	finds("another description", map[string]string{"presently": "it", "formerly": ""})
	f.exec(t, `UPDATE competition_tags SET tag = 'nowadays' WHERE competition_id = $1 AND tag = 'bygone'`, c.ID)
	finds("another tag", map[string]string{"nowadays": "it", "bygone": ""})
	for tag, name := range map[string]string{"nowadays": "it", "bygone": ""} {
		f.wantCompetitions(t, "another tag: "+tag, compete.CompetitionFilter{Tags: []string{tag}}, names, name)
	}
	f.exec(t, `DELETE FROM competition_tags WHERE competition_id = $1 AND tag = 'nowadays'`, c.ID)
	finds("a tag less", map[string]string{"nowadays": "", "lasting": "it"})
	f.exec(t, `INSERT INTO competition_tags (competition_id, tag) VALUES ($1, 'brandnew')`, c.ID)
	finds("a tag more", map[string]string{"brandnew": "it"})
	must(t, f.TidyTexts(t.Context()))
	var version int
	must(t, f.Reader().QueryRowContext(t.Context(), `SELECT version FROM competitions WHERE id = $1`,
		c.ID).Scan(&version))
	want(t, "version of a competition whose text was in form", version, c.Version)
}

// testTidied has the store normalize texts written by an external tool: decomposed letters, zero-width and
// bidirectional characters, control characters.
func testTidied(t *testing.T, f *fixture, organizer compete.User) {
	user := func(name, email string) string {
		u := f.addUser(t, compete.RoleParticipant)
		f.exec(t, `UPDATE users SET name = $2, email = $3 WHERE id = $1`, u.ID, name, email)
		return u.ID
	}
	f.addUser(t, compete.RoleParticipant)
	people := map[string][2]string{
		user("Zoe\u0308  \u202eDi\u0301az\u0007", "zo\u200be@example.com"): {"Zoë Díaz", "zoe@example.com"},
		user("\u200b\u2060", "unseen@example.com"): {
			"unseen@example.com",
			"unseen@example.com",
		},
		user("Ada", "Taken@example.com"):       {"Ada", "Taken@example.com"},
		user("Eve", "taken\u200b@example.com"): {"Eve", "taken\u200b@example.com"}, // the normalized one is taken
	}
	c := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Title, c.Tags = "Cup", nil })
	f.exec(t, `UPDATE competitions SET title = $2, location = $3 WHERE id = $1`, c.ID, "Cafe\u0301\u200b Cup",
		"Go\u0308teborg\u200f")
	f.exec(t, `INSERT INTO competition_tags (competition_id, tag) VALUES ($1, $2), ($1, $3)`, c.ID,
		"cafe\u0301", "caf\u00e9\u200b")
	must(t, f.TidyTexts(t.Context()))
	for id, want := range people {
		u, err := f.User(t.Context(), id)
		must(t, err)
		if got := [2]string{u.Name, u.Email}; got != want {
			t.Errorf("a user is %+q, want %+q", got, want)
		}
	}
	got, err := f.Competition(t.Context(), c.ID)
	must(t, err)
	if got.Title != "Café Cup" || got.Location != "Göteborg" || !slices.Equal(got.Tags, []string{"café"}) ||
		got.Version != c.Version+1 {
		t.Errorf("the competition is %+q at %+q with %+q, version %d after %d", got.Title, got.Location, got.Tags,
			got.Version, c.Version)
	}
	must(t, f.TidyTexts(t.Context())) // nothing is left to do, and impossible changes aren't retried
	again, err := f.Competition(t.Context(), c.ID)
	must(t, err)
	want(t, "version the second time", again.Version, got.Version)
}

// What a search finds is in the order of the list, page by page, also after what it is sorted by has changed.
func TestSearchInOrder(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		var all []string // by deadline, and newest last
		for i := range 6 {
			all = append(all, f.addCompetition(t, organizer, func(c *compete.Competition) {
				c.Title, c.CreatedAt = "Walkabout", f.ago(-time.Duration(i)*time.Second)
				c.RegDeadline = f.ago(-time.Duration(i+1) * time.Hour)
			}).ID)
		}
		wantOrder := func(what string, filter compete.CompetitionFilter, expected []string) {
			t.Helper()
			filter.Search, filter.Limit, filter.Now = "walk", 2, f.now
			found := walk(t, string(filter.Sort), func(at compete.Cursor) (compete.Page[compete.Competition], error) {
				filter.Cursor = at
				return f.Competitions(t.Context(), filter)
			})
			want(t, what, ids(found, func(c compete.Competition) string { return c.ID }), expected)
		}
		newest := compete.CompetitionFilter{Sort: compete.SortNewest}
		deadline := compete.CompetitionFilter{Sort: compete.SortDeadline}
		latest := slices.Clone(all)
		slices.Reverse(latest)
		wantOrder("newest", newest, latest)
		wantOrder("by deadline", deadline, all)

		f.exec(t, `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, all[0], compete.UTC(f.ago(-9*time.Hour)))
		f.exec(t, `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, all[1], compete.UTC(f.ago(time.Hour)))
		wantOrder("by a later deadline", deadline, append(slices.Clone(all[2:]), all[0]))
		wantOrder("closed, by deadline",
			compete.CompetitionFilter{Sort: compete.SortDeadline, Phase: compete.PhaseClosed}, all[1:2])
		f.exec(t, `DELETE FROM competition_search`)
		f.exec(t, `UPDATE competitions SET searchable = false`)
		f.exec(t, `UPDATE competitions SET created_at = $2 WHERE id = $1`, all[5], compete.UTC(f.ago(time.Hour)))
		wantOrder("newest, made anew", newest, []string{all[4], all[3], all[2], all[0], all[5]})
	})
}
