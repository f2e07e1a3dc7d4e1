package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// onePixel is the smallest WebP.
const onePixel = "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"

// TestCovers follows a cover from the generated one to an uploaded one and back.
func TestCovers(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		c := w.competition(5)
		path, generated, version := "/api/competitions/"+c.ID, c.CoverURL, c.Version
		look := func(r role, address, contentType, kept string) string {
			t.Helper()
			got := w.call("GET", address, w.tokens[r], "")
			if got.status != http.StatusOK || got.header.Get("Content-Type") != contentType ||
				!strings.Contains(got.header.Get("Cache-Control"), kept) {
				t.Errorf("GET %s: %d %s, %s; want %s, %s", address, got.status, got.header.Get("Content-Type"),
					got.header.Get("Cache-Control"), contentType, kept)
			}
			return got.body
		}
		look(visitor, generated, "image/svg+xml", "immutable")

		w.into(w.call("PUT", path+"/cover", w.tokens[organizer], onePixel, "Content-Type: image/webp"), http.StatusOK,
			&c)
		if c.CoverURL == generated || c.Version != version {
			t.Errorf("after the upload: cover %s, version %d", c.CoverURL, c.Version)
		}
		large := look(visitor, c.CoverURL, "image/jpeg", "immutable")
		if small := look(visitor, c.CoverURL+"&size=small", "image/jpeg", "immutable"); len(small) >= len(large) {
			t.Errorf("the small one has %d bytes, the large one %d", len(small), len(large))
		}
		look(visitor, generated, "image/jpeg", "no-cache") // an old URL shows the current picture
		uploaded := c.CoverURL
		w.into(w.call("PATCH", path, w.tokens[organizer], `{"title":"Another title"}`, "If-Match: *"), http.StatusOK,
			&c)
		if c.CoverURL != uploaded {
			t.Errorf("after a change of the title: cover %s, want %s", c.CoverURL, uploaded)
		}
		var list []api.Competition
		w.into(w.call("GET", "/api/competitions/my-competitions", w.tokens[organizer], ""), http.StatusOK, &list)
		if list[0].ID != c.ID || list[0].CoverURL != uploaded {
			t.Errorf("in the list: %+v", list[0])
		}
		for range 2 {
			w.into(w.call("DELETE", path+"/cover", w.tokens[admin], ""), http.StatusOK, &c)
		}
		if c.CoverURL == uploaded || c.CoverURL == generated {
			t.Errorf("after the removal: cover %s", c.CoverURL)
		}
		look(visitor, c.CoverURL, "image/svg+xml", "immutable")

		testRefusedCovers(w, path)
		testDraftsCover(w)
	})
}

func testRefusedCovers(w *world, path string) {
	for name, tc := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"nothing": {"", 422, "validation_failed"},
		"text":    {"not a picture", 422, "validation_failed"},
		"a bomb": {
			"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x06\x00\x00\x00\xa4\x79\x93\xd2",
			422, "validation_failed",
		},
		"too large": {strings.Repeat("x", compete.MaxCoverUpload+1), 413, "cover_too_large"},
	} {
		got := w.call("PUT", path+"/cover", w.tokens[organizer], tc.body, "Content-Type: image/png")
		if got.status != tc.status || w.wantProblem(got).Code != tc.code {
			w.t.Errorf("%s: %d %s, want %d %s", name, got.status, got.body, tc.status, tc.code)
		}
	}
}

// testDraftsCover checks that only people who can see a draft can see its cover.
func testDraftsCover(w *world) {
	draft := w.create(strings.Replace(competitionBody("Not yet", 5), "{", `{"status":"DRAFT",`, 1))
	path := "/api/competitions/" + draft.ID + "/cover"
	if got := w.call("PUT", path, w.tokens[otherOrganizer], onePixel); got.status != 404 {
		w.t.Errorf("PUT by another organizer: got %d, want 404", got.status)
	}
	w.into(w.call("PUT", path, w.tokens[organizer], onePixel), http.StatusOK, &draft)
	for r, want := range map[role]int{visitor: 404, participant: 404, otherOrganizer: 404, organizer: 200, admin: 200} {
		got := w.call("GET", path, w.tokens[r], "")
		if got.status != want || got.header.Get("Cache-Control") != "no-store" {
			w.t.Errorf("GET as %s: got %d, %s, want %d", r, got.status, got.header.Get("Cache-Control"), want)
		}
	}
}
