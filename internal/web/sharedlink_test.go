package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// The picture for shared links contains the site's name: a renamed site uses another URL, so that no cache shows the
// old name.
func TestSharedPictureFollowsTheSitesName(t *testing.T) {
	databaseURL := testservices.DatabaseURL(t, "sqlite")
	named := func(name string) *site {
		return &site{App: apptest.Start(t,
			apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) { c.SiteName = name }}), t: t}
	}
	before := named("Kubb Club")
	page := "/competitions/" + before.As(compete.RoleOrganizer).Create(nil)
	old := before.sharedPicture(t, page)
	if err := before.Stop(); err != nil {
		t.Fatal(err)
	}
	after := named("Cornhole Club")
	renamed := after.sharedPicture(t, page)
	if renamed == old {
		t.Fatalf("the picture is still at %s", old)
	}
	after.browser(t).leads(after.browser(t).get(old), renamed) // links shared before
}

// sharedPicture returns the path of the picture for shared links to a page, and checks that it exists.
func (s *site) sharedPicture(t *testing.T, page string) string {
	t.Helper()
	b := s.browser(t)
	found := regexp.MustCompile(`<meta property="og:image" content="https?://[^/]+([^"]+)"`).FindStringSubmatch(
		b.get(page).text,
	)
	if found == nil {
		t.Fatal("the page names no picture")
	}
	if got := b.want(b.get(found[1]), http.StatusOK); !strings.HasPrefix(got.text, "\x89PNG") {
		t.Errorf("%s is no PNG", found[1])
	}
	return found[1]
}
