// Package static serves the built front-end assets: style sheet, scripts, fonts, icons.
//
// It handles their names, compression and caching. Their sources are in internal/web/assets and built by `make assets`;
// the output is committed, so that building the program doesn't need Node.
package static

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed dist LICENSES.txt
var files embed.FS

// Prefix is the path to mount Handler at.
const Prefix = "/static/"

// Manifest is the asset build's record of its output.
type Manifest struct {
	// Sources is the SHA-256 of everything the output was built from.
	Sources string `json:"sources"`
	// Files maps plain names to names with a content hash.
	Files map[string]string `json:"files"`
}

var manifest = mustReadManifest()

func mustReadManifest() Manifest {
	var m Manifest
	raw, err := files.ReadFile("dist/manifest.json")
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		panic(fmt.Sprintf("static: the embedded manifest: %v; rebuild with make assets", err))
	}
	return m
}

// Path returns the URL of an asset by its plain name, such as "app.css". It panics for an unknown name, which is a
// programming error.
func Path(name string) string {
	hashed, ok := manifest.Files[name]
	if !ok {
		panic("static: no asset named " + name)
	}
	return Prefix + hashed
}

// asset is one file with its encodings, each computed once, on first use.
type asset struct {
	contentType string
	plain       []byte
	brotli      func() []byte
	gzip        func() []byte
}

// assets are the files by path. A process that starts several servers, as tests do, compresses them once.
var assets = sync.OnceValue(func() map[string]*asset {
	all := map[string]*asset{licences: newAsset("LICENSES.txt")}
	for _, hashed := range manifest.Files {
		all[Prefix+hashed] = newAsset("dist/" + hashed)
	}
	return all
})

const licences = Prefix + "LICENSES.txt"

// Handler serves the assets under Prefix, cached permanently thanks to their hashed names.
func Handler() http.Handler {
	assets := assets()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a, ok := assets[r.URL.Path]
		if !ok {
			http.Error(w, "no such file", http.StatusNotFound)
			return
		}
		lifetime := "public, max-age=31536000, immutable"
		if r.URL.Path == licences { // its name has no hash
			lifetime = "no-cache"
		}
		w.Header().Set("Cache-Control", lifetime)
		a.serve(w, r)
	})
}

func newAsset(name string) *asset {
	plain, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("static: the manifest names a file that is not embedded: %v", err))
	}
	return &asset{
		contentType: contentType(name),
		plain:       plain,
		brotli: sync.OnceValue(func() []byte {
			return compress(plain,
				func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestCompression) })
		}),
		gzip: sync.OnceValue(func() []byte {
			return compress(plain, func(w io.Writer) io.WriteCloser {
				zw, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // the level is valid
				return zw
			})
		}),
	}
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".woff2":
		return "font/woff2" // not in every system's table
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func (a *asset) compressible() bool {
	return a.contentType != "font/woff2" && a.contentType != "image/png"
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	body := a.plain
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	if a.compressible() {
		h.Set("Vary", "Accept-Encoding")
		switch accepted := r.Header.Get("Accept-Encoding"); {
		case Accepts(accepted, "br"):
			h.Set("Content-Encoding", "br")
			body = a.brotli()
		case Accepts(accepted, "gzip"):
			h.Set("Content-Encoding", "gzip")
			body = a.gzip()
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the client may be gone
}

// Accepts reports whether an Accept-Encoding header allows a coding. A weight of zero forbids it.
func Accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}

func compress(plain []byte, open func(io.Writer) io.WriteCloser) []byte {
	var buf bytes.Buffer
	w := open(&buf)
	if _, err := w.Write(plain); err != nil {
		panic(err) // a bytes.Buffer never fails
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}
