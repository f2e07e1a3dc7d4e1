package delivery

import (
	"os"
	"os/exec"
	"testing"
)

func TestCaddyTakesItsFiles(t *testing.T) {
	caddy, err := exec.LookPath("caddy")
	if err != nil {
		t.Fatalf("caddy is missing: scripts/install-test-services installs it (`make test` runs that): %v", err)
	}
	for _, test := range []struct{ file, site string }{
		{"deploy/caddy/Caddyfile", ""},
		{"deploy/caddy/compose.Caddyfile", "http://localhost:8080"}, // without a DOMAIN
		{"deploy/caddy/compose.Caddyfile", "compete.example.com"},
	} {
		command := inRoot(t.Context(), caddy, "validate", "--adapter", "caddyfile", "--config", test.file)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "SITE=" + test.site, "HOME=" + t.TempDir()}
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s for %q: %v\n%s", test.file, test.site, err, output)
		}
	}
}
