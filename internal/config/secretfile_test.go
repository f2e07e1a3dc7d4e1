package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestSecretsFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good", strings.Repeat("hunter2 or 3, ", 4)+"\n")
	for name, tc := range map[string]struct {
		env  map[string]string
		want string // expected error text; empty for none
	}{
		"a secret": {map[string]string{"JWT_SECRET_FILE": good}, ""},
		"a URL": {
			map[string]string{"SMTP_URL_FILE": write("smtp", "smtp://mail:hunter2@localhost\r\n")},
			"",
		},
		"both": {
			map[string]string{"JWT_SECRET_FILE": good, "JWT_SECRET": "hunter2"},
			"set either JWT_SECRET or JWT_SECRET_FILE",
		},
		"missing":     {map[string]string{"JWT_SECRET_FILE": filepath.Join(dir, "no")}, "no such file"},
		"empty":       {map[string]string{"JWT_SECRET_FILE": write("empty", "\n")}, "is empty"},
		"a directory": {map[string]string{"JWT_SECRET_FILE": dir}, "must be a file"},
		"too long": {
			map[string]string{"JWT_SECRET_FILE": write("long", strings.Repeat("hunter2", 10_000))},
			"at most 65536 bytes",
		},
		"not for a secret": {map[string]string{"WEB_ADDR_FILE": good}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"JWT_SECRET", "SMTP_URL", "WEB_ADDR"} {
				t.Setenv(variable, "") // restores it after the test
				if err := os.Unsetenv(variable); err != nil {
					t.Fatal(err)
				}
			}
			for variable, value := range tc.env {
				t.Setenv(variable, value)
			}
			var c Config
			parser, err := kong.New(&c, append(Options(), kong.Name("minicompete"))...)
			if err != nil {
				t.Fatal(err)
			}
			err = LoadSecretFiles(parser)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if err != nil {
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the error repeats the secret: %v", err)
				}
				return
			}
			if _, err := parser.Parse(nil); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{
				"JWT_SECRET_FILE": string(c.JWTSecret), "SMTP_URL_FILE": string(c.SMTPURL),
				"WEB_ADDR_FILE": ":3000",
			}
			want := map[string]string{
				"JWT_SECRET_FILE": strings.Repeat("hunter2 or 3, ", 4),
				"SMTP_URL_FILE":   "smtp://mail:hunter2@localhost", "WEB_ADDR_FILE": c.WebAddr,
			}
			for variable := range tc.env {
				if got[variable] != want[variable] {
					t.Errorf("%s gave %q, want %q", variable, got[variable], want[variable])
				}
			}
		})
	}
}

func TestSecretsAreRefusedAsFlags(t *testing.T) {
	for args, refused := range map[string]bool{
		"serve --jwt-secret=hunter2":                                     true,
		"serve --jwt-secret hunter2":                                     true,
		"serve --database-url postgres://me:hunter2@db/compete":          true,
		"serve --database-url=postgres://db/compete?password=hunter2":    true,
		"serve --smtp-url=smtp://me:hun%ter2@localhost":                  true,
		"serve --database-url=postgres://me@db/compete":                  false,
		"serve --database-url sqlite:data/x.db --web-addr :1":            false,
		"serve --jwt-expiration=1h --redis-url=redis://localhost:6379/0": false,
	} {
		err := RefuseSecretFlags(describe(), strings.Fields(args))
		if (err != nil) != refused {
			t.Errorf("%s: got %v, want refused %v", args, err, refused)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats the secret: %v", args, err)
		}
	}
}
