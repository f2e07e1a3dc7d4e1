package api

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
)

// etag returns the entity tag of a competition: a strong tag derived only from its version, so that it changes with the
// content but not with each seat.
func etag(c *compete.Competition) string { return `"` + strconv.Itoa(c.Version) + `"` }

// ifMatch is a parsed If-Match header.
type ifMatch struct {
	any      bool  // "*"
	versions []int // versions in the list's strong tags
}

var errMalformedIfMatch = &compete.Error{
	Kind: compete.KindUnreadable, Code: "malformed_if_match",
	Detail: `Set If-Match to the competition's ETag exactly as you got it, with its double quotes, such as "3". ` +
		`A list of ETags or * (any version) also works.`,
}

// parseIfMatch parses the header as in RFC 9110, section 13.1.1. Weak tags, and tags that no competition has, are valid
// and never match. Errors: ErrVersionRequired if it is empty, errMalformedIfMatch.
func parseIfMatch(header string) (ifMatch, error) {
	var m ifMatch
	rest := strings.Trim(header, " \t")
	if rest == "" {
		return m, compete.ErrVersionRequired
	}
	if rest == "*" {
		return ifMatch{any: true}, nil
	}
	for rest != "" {
		tag, after, err := cutTag(rest)
		if err != nil {
			return ifMatch{}, err
		}
		if version, ok := versionOf(tag); ok && !slices.Contains(m.versions, version) {
			m.versions = append(m.versions, version)
		}
		rest = after
	}
	return m, nil
}

// cutTag splits the first element from a list of entity tags, including the comma after it. An empty element is allowed
// and yields no tag.
func cutTag(list string) (tag, rest string, err error) {
	end := 0
	if opaque := strings.TrimPrefix(list, "W/"); strings.HasPrefix(opaque, `"`) {
		start := len(list) - len(opaque) + 1
		length := strings.IndexByte(list[start:], '"')
		if length < 0 || strings.ContainsFunc(list[start:start+length],
			func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return "", "", errMalformedIfMatch
		}
		end = start + length + 1
	}
	tag, rest = list[:end], strings.TrimLeft(list[end:], " \t")
	if rest == "" {
		return tag, "", nil
	}
	if rest[0] != ',' {
		return "", "", errMalformedIfMatch
	}
	return tag, strings.TrimLeft(rest[1:], " \t"), nil
}

// versionOf parses the version in a strong tag, in exactly the form that etag writes.
func versionOf(tag string) (int, bool) {
	if len(tag) < 3 || tag[0] != '"' {
		return 0, false
	}
	opaque := tag[1 : len(tag)-1]
	version, err := strconv.Atoi(opaque)
	return version, err == nil && version > 0 && strconv.Itoa(version) == opaque
}

// versionToChange returns the version that an If-Match header allows to change: 0 means any. Missing permissions are
// reported first (RFC 9110, section 13.2.1). Errors: those of compete.Competitions.Managed,
// ErrVersionRequired, ErrVersionMismatch.
func (a *api) versionToChange(ctx context.Context, competitionID, header string) (int, error) {
	match, err := parseIfMatch(header)
	switch {
	case err == nil && match.any:
		return 0, nil
	case err == nil && len(match.versions) == 1:
		return match.versions[0], nil
	}
	c, denied := a.Competitions.Managed(ctx, actor(ctx), competitionID)
	if denied != nil {
		return 0, denied
	}
	if err == nil && !slices.Contains(match.versions, c.Version) {
		err = compete.ErrVersionMismatch
	}
	return c.Version, err
}
