package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestCompetitions(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("created ones come back", func(t *testing.T) { testCreateCompetition(t, f, organizer) })
		t.Run("unknown ones are missing", func(t *testing.T) { testCompetitionMissing(t, f, organizer) })
		t.Run("checks of the database", func(t *testing.T) { testCompetitionChecks(t, f, organizer) })
		t.Run("drafts are deleted", func(t *testing.T) { testDeleteDraft(t, f, organizer) })
		t.Run("popular tags", func(t *testing.T) { testPopularTags(t, f, organizer) })
		t.Run("access codes", func(t *testing.T) { testAccessCodes(t, f, organizer) })
		t.Run("reads are never stale", func(t *testing.T) { testFresh(t, f, organizer) })
	})
}

func testCreateCompetition(t *testing.T, f *fixture, organizer compete.User) {
	full := f.addCompetition(t, organizer, func(c *compete.Competition) {
		c.Title, c.Description = `Ünïcode "quoted" 'n <b>`, "Line\nbreaks\tand 漢字"
		c.Visibility, c.NeedsCode, c.SealedCode = compete.VisibilityUnlisted, true, "sealed"
		c.RegOpensAt, c.Waitlist, c.Waitlisted, c.SeatsLeft = f.agoPointer(time.Hour), true, 3, 0
		fillEmptyFields(&c.CompetitionContent, f.now)
	})
	bare := f.addCompetition(t, organizer, func(c *compete.Competition) {
		c.Description, c.Location, c.Tags, c.StartDate, c.Status = "", "", []string{}, nil, compete.StatusDraft
	})
	var summaries []compete.Competition
	for _, c := range []compete.Competition{full, bare} {
		got, err := f.Competition(t.Context(), c.ID)
		must(t, err)
		want(t, "competition", got, c)
		summaries = append(summaries, c.Summary())
	}
	got, err := f.CompetitionsByID(t.Context(), append([]string{bare.ID, newID(), full.ID, full.ID}, notIDs...))
	must(t, err)
	slices.SortFunc(got, func(a, b compete.Competition) int {
		return slices.Index([]string{full.ID, bare.ID}, a.ID) - slices.Index([]string{full.ID, bare.ID}, b.ID)
	})
	want(t, "summaries", got, summaries)
}

// testDeleteDraft deletes a draft with all that belongs to it, and nothing else.
func testDeleteDraft(t *testing.T, f *fixture, organizer compete.User) {
	draft := f.addCompetition(t, organizer, func(c *compete.Competition) {
		c.Title, c.Tags, c.Status = "Deletable Xylophone", []string{"deletable"}, compete.StatusDraft
	})
	published := f.addCompetition(t, organizer, nil)
	cancelled := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Status = compete.StatusCancelled })
	must(t, f.DeleteDraft(t.Context(), draft.ID))
	_, err := f.Competition(t.Context(), draft.ID)
	wantError(t, "a deleted draft", err, compete.ErrCompetitionMissing)
	for _, id := range append([]string{draft.ID, newID()}, notIDs...) {
		wantError(t, fmt.Sprintf("delete %q", id), f.DeleteDraft(t.Context(), id), compete.ErrCompetitionMissing)
	}
	for _, c := range []compete.Competition{published, cancelled} {
		wantError(t, "delete one that is "+string(c.Status), f.DeleteDraft(t.Context(), c.ID), compete.ErrNotDraft)
		got, err := f.Competition(t.Context(), c.ID)
		must(t, err)
		want(t, "what was not deleted", got, c)
	}
	found, err := f.Competitions(t.Context(), compete.CompetitionFilter{
		OrganizerID: organizer.ID, Search: "xylophone", Sort: compete.SortNewest, Limit: 10, Now: f.ago(0),
	})
	must(t, err)
	want(t, "what a search finds of it", len(found.Items), 0)
}

func testCompetitionMissing(t *testing.T, f *fixture, organizer compete.User) {
	for _, id := range append([]string{newID()}, notIDs...) {
		_, err := f.Competition(t.Context(), id)
		wantError(t, fmt.Sprintf("Competition %q", id), err, compete.ErrCompetitionMissing)
	}
	c := f.competition(organizer)
	c.Organizer.ID = newID()
	_, err := f.CreateCompetition(t.Context(), c, compete.IdempotencyRecord{})
	wantError(t, "a competition of nobody", err, compete.ErrUnauthorized)
	_, err = f.CreateCompetition(t.Context(), c,
		compete.IdempotencyRecord{
			UserID: c.Organizer.ID, Key: "key-of-nobody", Body: []byte(`{}`),
			ExpiresAt: f.ago(-time.Hour),
		})
	wantError(t, "a competition of nobody with a key", err, compete.ErrUnauthorized)
}

func testCompetitionChecks(t *testing.T, f *fixture, organizer compete.User) {
	for what, breakIt := range map[string]func(*compete.Competition){
		"no seats at all":           func(c *compete.Competition) { c.Capacity, c.SeatsLeft = 0, 0 },
		"too many seats":            func(c *compete.Competition) { c.Capacity = compete.MaxCapacity + 1 },
		"more left than there are":  func(c *compete.Competition) { c.SeatsLeft = c.Capacity + 1 },
		"fewer than none left":      func(c *compete.Competition) { c.SeatsLeft = -1 },
		"fewer than nobody waiting": func(c *compete.Competition) { c.Waitlisted = -1 },
		"an unknown status":         func(c *compete.Competition) { c.Status = "MAYBE" },
		"an unknown visibility":     func(c *compete.Competition) { c.Visibility = "HIDDEN" },
		"version zero":              func(c *compete.Competition) { c.Version = 0 },
	} {
		c := f.competition(organizer)
		breakIt(&c)
		_, err := f.CreateCompetition(t.Context(), c, compete.IdempotencyRecord{})
		wantError(t, what, err, compete.ErrConstraint)
	}
}

func testAccessCodes(t *testing.T, f *fixture, organizer compete.User) {
	coded := f.addCompetition(t, organizer, func(c *compete.Competition) { c.NeedsCode, c.SealedCode = true, "before" })
	plain := f.addCompetition(t, organizer, nil)
	for _, replace := range []struct{ before, after, want string }{
		{"another", "lost", "before"}, {"before", "after", "after"}, {"before", "lost", "after"},
	} {
		must(t, f.SealAccessCode(t.Context(), coded.ID, replace.before, replace.after))
		codes, err := f.AccessCodes(t.Context())
		must(t, err)
		want(t, "the code", codes[coded.ID], replace.want)
		if _, found := codes[plain.ID]; found {
			t.Error("a competition without a code has one")
		}
	}
	list, err := f.Competitions(t.Context(),
		compete.CompetitionFilter{Sort: compete.SortNewest, Limit: 100, Now: f.now})
	must(t, err)
	for _, c := range list.Items {
		if c.SealedCode != "" || c.NeedsCode != (c.ID == coded.ID) {
			t.Errorf("a list has the code %q; one is needed: %t", c.SealedCode, c.NeedsCode)
		}
	}
}

func testPopularTags(t *testing.T, f *fixture, organizer compete.User) {
	add := func(change func(*compete.Competition), tags ...string) {
		f.addCompetition(t, organizer, func(c *compete.Competition) {
			c.Tags = tags
			if change != nil {
				change(c)
			}
		})
	}
	add(nil, "rare-1", "often")
	add(nil, "rare-2", "often", "twice")
	add(nil, "often", "twice")
	for _, gone := range []func(*compete.Competition){
		func(c *compete.Competition) { c.Status = compete.StatusDraft },
		func(c *compete.Competition) { c.Status = compete.StatusCancelled },
		func(c *compete.Competition) { c.RegDeadline = f.now },
		func(c *compete.Competition) { c.Visibility = compete.VisibilityUnlisted },
	} {
		for range 5 {
			add(gone, "gone")
		}
	}
	got, err := f.PopularTags(t.Context(), f.now, 100)
	must(t, err)
	got = slices.DeleteFunc(got, func(c compete.TagCount) bool { return c.Tag == "go" || c.Tag == "sql" })
	want(t, "tags", got, []compete.TagCount{
		{Tag: "often", Count: 3},
		{Tag: "twice", Count: 2},
		{Tag: "rare-1", Count: 1},
		{Tag: "rare-2", Count: 1},
	})
	got, err = f.PopularTags(t.Context(), f.now, 2)
	must(t, err)
	if len(got) != 2 {
		t.Errorf("a limit of 2 gives %d", len(got))
	}
}

// testFresh reads a competition and a list while they change: a read that begins after a commit sees it, also when it
// shares its query with others.
func testFresh(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Capacity, c.SeatsLeft = 1000, 1000 })
	filter := compete.CompetitionFilter{OrganizerID: organizer.ID, Sort: compete.SortNewest, Limit: 100, Now: f.now}
	var mu sync.Mutex
	committed := 1000
	var wg sync.WaitGroup
	for reader := range 8 {
		wg.Go(func() {
			for left := 1000; left > 900; {
				mu.Lock()
				latest := committed
				mu.Unlock()
				if reader%2 == 0 {
					got, err := f.Competition(t.Context(), c.ID)
					if err != nil {
						t.Error(err)
						return
					}
					left = got.SeatsLeft
				} else {
					page, err := f.Competitions(t.Context(), filter)
					if err != nil {
						t.Error(err)
						return
					}
					left = page.Items[slices.IndexFunc(page.Items,
						func(listed compete.Competition) bool { return listed.ID == c.ID })].SeatsLeft
				}
				if left > latest {
					t.Errorf("read %d seats left after %d were committed", left, latest)
					return
				}
			}
		})
	}
	for left := 999; left >= 900; left-- {
		f.exec(t, `UPDATE competitions SET seats_left = $2 WHERE id = $1`, c.ID, left)
		mu.Lock()
		committed = left
		mu.Unlock()
	}
	wg.Wait()
}
