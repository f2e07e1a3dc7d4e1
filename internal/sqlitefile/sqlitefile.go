// Package sqlitefile parses the file's path in a sqlite: URL, so that the settings and the store agree on it. It opens
// nothing.
package sqlitefile

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
)

// errNoFile describes valid sqlite: URLs.
var errNoFile = errors.New(
	"must name a file, such as sqlite:data/minicompete.db or " +
		"sqlite:///var/lib/minicompete.db, without parameters after ?",
)

// Path returns the file that a sqlite: URL names, and whether it is such a URL. The part after sqlite: is either a
// literal path, relative to the working directory, or an absolute one in URL form (///, with %20 for a space and %3F
// for a question mark).
func Path(databaseURL string) (path string, isSQLite bool, err error) {
	path, isSQLite = strings.CutPrefix(databaseURL, "sqlite:")
	if !isSQLite {
		return "", false, nil
	}
	if strings.Contains(path, "?") {
		return "", true, errNoFile
	}
	if rest, isURL := strings.CutPrefix(path, "//"); isURL {
		if path, err = url.PathUnescape(rest); err != nil || !filepath.IsAbs(path) {
			return "", true, errNoFile
		}
	}
	if path == "" || strings.HasPrefix(path, ":") || strings.ContainsRune(path, 0) {
		return "", true, errNoFile
	}
	return path, true, nil
}
