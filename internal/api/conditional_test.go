package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestParseIfMatch(t *testing.T) {
	cases := []struct {
		header   string
		any      bool
		versions []int
		err      error
	}{
		{"", false, nil, compete.ErrVersionRequired},
		{" \t", false, nil, compete.ErrVersionRequired},
		{"*", true, nil, nil},
		{`"3"`, false, []int{3}, nil},
		{` "3" `, false, []int{3}, nil},
		{`"3","4"`, false, []int{3, 4}, nil},
		{"\"3\" ,\t \"4\", \"3\"", false, []int{3, 4}, nil},
		{`,"3",,`, false, []int{3}, nil}, // a recipient accepts empty elements (RFC 9110, section 5.6.1.2)
		{`W/"3"`, false, nil, nil},
		{`W/"3", "4"`, false, []int{4}, nil},
		{`"03"`, false, nil, nil}, // no competition has this tag
		{`"+3"`, false, nil, nil},
		{`"0"`, false, nil, nil},
		{`"-1"`, false, nil, nil},
		{`""`, false, nil, nil},
		{`"a,b"`, false, nil, nil},
		{`"99999999999999999999"`, false, nil, nil},
		{`3`, false, nil, errMalformedIfMatch},
		{`"3`, false, nil, errMalformedIfMatch},
		{`3"`, false, nil, errMalformedIfMatch},
		{`"3" "4"`, false, nil, errMalformedIfMatch},
		{`w/"3"`, false, nil, errMalformedIfMatch},
		{`"3", *`, false, nil, errMalformedIfMatch},
		{`"3 "`, false, nil, errMalformedIfMatch},
	}
	for _, c := range cases {
		got, err := parseIfMatch(c.header)
		if got.any != c.any || !slices.Equal(got.versions, c.versions) || !errors.Is(err, c.err) {
			t.Errorf("parseIfMatch(%q) = %+v, %v, want any %t, versions %v, %v", c.header, got, err,
				c.any, c.versions, c.err)
		}
	}
}

func FuzzParseIfMatch(f *testing.F) {
	for _, seed := range []string{"", "*", `"3"`, `W/"3"`, `"3", "4"`, `"`, `W/`, ",", "\"3\",\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		m, err := parseIfMatch(header)
		if err != nil && (m.any || m.versions != nil) {
			t.Fatalf("%q: %+v beside %v", header, m, err)
		}
		for _, version := range m.versions {
			if tag := etag(&compete.Competition{Version: version}); !strings.Contains(header, tag) {
				t.Fatalf("%q matches %s, which is not in it", header, tag)
			}
		}
	})
}
