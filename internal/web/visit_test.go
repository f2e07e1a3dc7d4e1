package web

import "testing"

func TestLocalPath(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"/competitions?search=a+b", "/competitions?search=a+b"},
		{"/", "/"},
		{"", "/home"},
		{"competitions", "/home"},
		{"https://evil.example/", "/home"},
		{"//evil.example/", "/home"},
		{"/\\evil.example", "/home"},
		{"///evil.example", "/home"},
		{"javascript:alert(1)", "/home"},
		{"/a\r\nSet-Cookie: x=y", "/home"},
	} {
		if got := localPath(tc.in, "/home"); got != tc.want {
			t.Errorf("localPath(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}
