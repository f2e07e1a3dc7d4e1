package static

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// TestBuiltAssetsAreFresh doesn't need Node: the build stores the hash of its sources in the manifest.
func TestBuiltAssetsAreFresh(t *testing.T) {
	got, want := manifest.Sources, hashSources(t, "..", "../../../package-lock.json")
	if got != want {
		t.Fatalf("internal/web/static/dist was built from other sources (%.12s, now %.12s): run make "+
			"assets and commit the result", got, want)
	}
}

// hashSources does the same as sourceHash in assets/build.mjs.
func hashSources(t *testing.T, web, lock string) string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(web), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		isAsset := strings.HasPrefix(name, "assets/") && path.Ext(name) != ""
		if !d.IsDir() && (path.Ext(name) == ".templ" || isAsset) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	h := sha256.New()
	read := func(name string) []byte {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for _, name := range names {
		io.WriteString(h, name+"\x00")
		h.Write(read(filepath.Join(web, name)))
		io.WriteString(h, "\x00")
	}
	h.Write(read(lock))
	return hex.EncodeToString(h.Sum(nil))
}

func TestNamesCarryTheHashOfTheContent(t *testing.T) {
	built, err := fs.ReadDir(files, "dist")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(built), len(manifest.Files)+1; got != want {
		t.Errorf("dist holds %d files, want %d: those of the manifest and the manifest", got, want)
	}
	for plain, hashed := range manifest.Files {
		raw, err := files.ReadFile("dist/" + hashed)
		if err != nil {
			t.Errorf("%s: %v", plain, err)
			continue
		}
		sum := sha256.Sum256(raw)
		if !strings.Contains(hashed, hex.EncodeToString(sum[:])[:12]) {
			t.Errorf("%s: the content is not what its name %s says; was it edited by hand?", plain, hashed)
		}
	}
}

func TestEncodings(t *testing.T) {
	h := Handler()
	want, err := files.ReadFile("dist/" + manifest.Files["app.css"])
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ accept, coding string }{
		{"", ""},
		{"gzip, deflate, br", "br"},
		{"gzip;q=0.5", "gzip"},
		{"br;q=0, gzip", "gzip"},
		{"identity", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, Path("app.css"), nil)
		r.Header.Set("Accept-Encoding", tc.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); got != tc.coding {
			t.Errorf("Accept-Encoding %q: coding %q, want %q", tc.accept, got, tc.coding)
		}
		if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("Accept-Encoding %q: Cache-Control %q, want immutable", tc.accept, got)
		}
		if got := decode(t, w.Body, tc.coding); got != string(want) {
			t.Errorf("Accept-Encoding %q: the decoded body differs from the file", tc.accept)
		}
	}
}

func decode(t *testing.T, body io.Reader, coding string) string {
	t.Helper()
	switch coding {
	case "br":
		body = brotli.NewReader(body)
	case "gzip":
		zr, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		body = zr
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestUnknownFile(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Prefix+"app.css", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("a name without its hash: %d, want 404", w.Code)
	}
}
