package sqlitefile_test

import (
	"testing"

	"github.com/minicompete/minicompete/internal/sqlitefile"
)

func TestPath(t *testing.T) {
	for _, tc := range []struct {
		url, path string
		isSQLite  bool
		fails     bool
	}{
		{"sqlite:data/minicompete.db", "data/minicompete.db", true, false},
		{"sqlite:/var/lib/x.db", "/var/lib/x.db", true, false},
		{"sqlite:///var/lib/x.db", "/var/lib/x.db", true, false},
		{"sqlite:///var/my%20data/x.db", "/var/my data/x.db", true, false},
		{"sqlite:///var/what%3F.db", "/var/what?.db", true, false},
		{"sqlite:my data/100%.db", "my data/100%.db", true, false},
		{"sqlite:my%20data/x.db", "my%20data/x.db", true, false}, // a literal path
		{"sqlite:", "", true, true},
		{"sqlite://", "", true, true},
		{"sqlite://rel.db", "", true, true},
		{"sqlite::memory:", "", true, true},
		{"sqlite:///%zz.db", "", true, true},
		{"sqlite:///nul%00.db", "", true, true},
		{"sqlite:x.db?mode=ro", "", true, true},
		{"sqlite:///x.db?mode=ro", "", true, true},
		{"postgres://host/db", "", false, false},
		{"", "", false, false},
	} {
		path, isSQLite, err := sqlitefile.Path(tc.url)
		if path != tc.path || isSQLite != tc.isSQLite || (err != nil) != tc.fails {
			t.Errorf("%q: got %q, %t, %v", tc.url, path, isSQLite, err)
		}
	}
}
