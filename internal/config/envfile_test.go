package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadEnvFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), EnvFile)
	content := "# written down\nFROM_FILE='two words' # and why\nexport " +
		"EXPORTED=1\nIN_BOTH=file\nEMPTY_OUTSIDE=file\nEMPTY=\n"
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"FROM_FILE": "two words", "EXPORTED": "1", "IN_BOTH": "outside",
		"EMPTY_OUTSIDE": "", "EMPTY": "",
	}
	for variable := range want {
		t.Setenv(variable, "") // restores it after the test
		if err := os.Unsetenv(variable); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("IN_BOTH", "outside")
	t.Setenv("EMPTY_OUTSIDE", "")
	if err := LoadEnvFile(name); err != nil {
		t.Fatal(err)
	}
	for variable, value := range want {
		if got, set := os.LookupEnv(variable); got != value || !set {
			t.Errorf("%s = %q, set %v; want %q", variable, got, set, value)
		}
	}
}

func TestLoadEnvFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	if err := LoadEnvFile(filepath.Join(dir, "missing")); err != nil {
		t.Errorf("a missing file: %v", err)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("JWT_SECRET=\"hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{broken, dir} {
		err := LoadEnvFile(name)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want an error that names %s and no secret", err, name)
		}
	}
}
