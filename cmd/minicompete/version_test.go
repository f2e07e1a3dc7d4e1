package main

import (
	"runtime/debug"
	"testing"
)

func TestBuiltFrom(t *testing.T) {
	commit := []debug.BuildSetting{
		{Key: "vcs", Value: "git"},
		{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"},
	}
	tests := map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"nothing is known": {nil, ""},
		"a working tree":   {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, ""},
		"a commit": {
			&debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261129"}, Settings: commit},
			"0123456789ab",
		},
		"go install, at tag": {&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := builtFrom(test.info); got != test.want {
				t.Errorf("builtFrom = %q, want %q", got, test.want)
			}
		})
	}
}
