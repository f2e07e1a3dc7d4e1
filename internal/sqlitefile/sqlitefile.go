// Package sqlitefile reads which file a sqlite: URL names, so that the settings and the store understand the same. It
// opens nothing.
package sqlitefile

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
)

// errNoFile says what a sqlite: URL must be.
var errNoFile = errors.New(
	"must name a file, such as sqlite:data/minicompete.db or " +
		"sqlite:///var/lib/minicompete.db, without parameters after ?",
)

// Path is the file that a sqlite: URL names, and whether it is one at all. What follows sqlite: is a path as it is,
// relative to the working directory, or an absolute one as in a URL (///, with %20 for a space and %3F for a question
// mark).
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
