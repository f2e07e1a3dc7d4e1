package sqldb_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
)

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct{ url, says string }{
		{"", "must start with sqlite: or postgres://"},
		{"mysql://root:secret@localhost/db", "must start with sqlite: or postgres://"},
		{"sqlite:", "must name a file"},
		{"sqlite::memory:", "must name a file"},
		{"sqlite://relative.db", "must name a file"},
		{"sqlite:///%zz.db", "must name a file"},
		{"sqlite:x.db?mode=ro", "must name a file"},
		{"sqlite:/proc/no/such.db", "create the database directory"},
		{"postgres://ada:secret@localhost:port/db", "is invalid"},
		{"postgres://ada:secret@127.0.0.1:1/db?connect_timeout=2", "connect to the database"},
	} {
		_, err := sqldb.Open(t.Context(), sqldb.Config{URL: tc.url})
		if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open %q: %v, want a sentence with %q and no password", tc.url, err, tc.says)
		}
	}
}

func TestOpenMakesTheFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, tc := range []struct{ url, file string }{
		{"sqlite:data/my notes.db", "data/my notes.db"},
		{"sqlite://" + filepath.Join(dir, "with%20space.db"), "with space.db"},
		{"sqlite:" + filepath.Join(dir, "100%.db"), "100%.db"},
	} {
		db, err := sqldb.Open(t.Context(), sqldb.Config{URL: tc.url})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{tc.file, tc.file + "-wal"} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, error %v, want a file for its owner only", name, info, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTables(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		tables, err := db.Tables(t.Context())
		if err != nil || !slices.Contains(tables, "notes") || slices.ContainsFunc(tables, func(name string) bool {
			return strings.HasPrefix(name, "goose") || strings.HasPrefix(name, "river")
		}) {
			t.Errorf("the tables with data are %q, error %v", tables, err)
		}
		for table, want := range map[string]bool{"notes": true, "river_job": true, "nothing": false} {
			if got, err := db.HasTable(t.Context(), table); err != nil || got != want {
				t.Errorf("HasTable(%q) = %t, %v, want %t", table, got, err, want)
			}
		}
	})
}
