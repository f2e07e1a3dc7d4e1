package delivery

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cleanClone returns a directory with the part of the repository that setup.sh needs. Its scripts/build provides the
// existing binary.
func cleanClone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"setup.sh", "go.mod", "docker-compose.yml"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		writeProgram(t, filepath.Join(dir, name), string(content))
	}
	writeProgram(t, filepath.Join(dir, "scripts/build"), "#!/bin/sh\nmkdir -p bin && cp "+binary(t)+
		" bin/minicompete\n")
	return dir
}

func writeProgram(t *testing.T, name, content string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(content), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// setup runs setup.sh with these directories of programs before the system's own.
func setup(t *testing.T, dir, programs string, args ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(dir, "setup.sh"), args...)
	command.Dir, command.Env = dir,
		[]string{"PATH=" + programs, "HOME=" + t.TempDir(), "BCRYPT_COST=4", "LOG_LEVEL=error"}
	text, err := command.CombinedOutput()
	return string(text), err
}

// wantSecrets checks that only its owner can read .env, and that it holds 32 random bytes for each name.
func wantSecrets(t *testing.T, dir string, names ...string) string {
	t.Helper()
	path := filepath.Join(dir, ".env")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf(".env has the mode %v, %v", info.Mode(), err)
	}
	for _, name := range names {
		if found := regexp.MustCompile(`(?m)^`+name+`=[0-9a-f]{64}$`).FindAll(content, -1); len(found) != 1 {
			t.Errorf(".env has %d secrets %s", len(found), name)
		}
	}
	return string(content)
}

func wantText(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(output, text) {
			t.Errorf("no word of %q in:\n%s", text, output)
		}
	}
}

func TestSetupLocally(t *testing.T) {
	dir, path := cleanClone(t), os.Getenv("PATH")
	writeProgram(t, filepath.Join(dir, ".env"), "# mine\nMAIL_FROM='Me <me@example.com>'") // without a final line break
	output, err := setup(t, dir, path, "--local")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	ends := []string{
		"http://localhost:3000", "http://localhost:3001/api/docs", "password123",
		"organizer1@minicompete.com", "bin/minicompete serve --demo",
	}
	wantText(t, output, append(ends, "JWT_SECRET")...)
	first := wantSecrets(t, dir, "JWT_SECRET")
	wantText(t, first, "# mine\nMAIL_FROM='Me <me@example.com>'\nJWT_SECRET=")

	again, err := setup(t, dir, path, "--local")
	if err != nil {
		t.Fatalf("%v\n%s", err, again)
	}
	wantText(t, again, append(ends, "already has all secrets")...)
	if wantSecrets(t, dir, "JWT_SECRET") != first {
		t.Error("the second time it changed .env")
	}

	// The suggested command reads the same file.
	command := exec.Command(filepath.Join(dir, "bin/minicompete"), "serve", "--demo")
	command.Dir, command.Env = dir,
		[]string{"WEB_ADDR=127.0.0.1:0", "API_ADDR=127.0.0.1:0", "BCRYPT_COST=4", "LOG_LEVEL=warn"}
	wantText(t, get(t, follow(t, command).webURL+"/"), "</html>")
	if _, err := os.Stat(filepath.Join(dir, "data/jwt.secret")); err == nil {
		t.Error("it made a secret of its own beside that of .env")
	}
}

func inUse(port int) bool {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// No Docker engine is available, so a program that records its arguments replaces it; deploy/validate checks how
// Compose interprets the file.
func TestSetupWithDocker(t *testing.T) {
	dir, programs := cleanClone(t), t.TempDir()
	writeProgram(t, filepath.Join(programs, "docker"), `#!/bin/sh
echo "$@" >>asked
`)
	path := programs + ":" + os.Getenv("PATH")
	output, err := setup(t, dir, path, "--docker")
	if inUse(3000) || inUse(3001) { // by "make run", say
		if wantText(t, output, "already in use"); err == nil {
			t.Error("it went on although a port is in use")
		}
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	wantText(t, output, "http://localhost:3000", "http://localhost:3001/api/docs", "user create", "docker compose down")
	wantSecrets(t, dir, "POSTGRES_PASSWORD", "REDIS_PASSWORD", "JWT_SECRET")
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, string(asked), "compose up --detach --build --wait\n")

	// Containers accept external connections, so there is no account with a known password, whatever the address.
	if strings.Contains(string(asked), "seed") {
		t.Errorf("it added the demo data: %s", asked)
	}
	writeProgram(t, filepath.Join(dir, ".env"), "DOMAIN=compete.example.com\n")
	output, err = setup(t, dir, path, "--docker")
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	wantText(t, output, "https://compete.example.com", "user create")
}

func TestSetupSaysWhatIsMissing(t *testing.T) {
	dir, programs := cleanClone(t), t.TempDir()
	for _, name := range []string{"bash", "cat", "chmod", "dirname", "env", "grep", "head", "sed", "sort", "tail"} {
		found, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(found, filepath.Join(programs, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for arg, want := range map[string]string{
		"--docker": "https://docs.docker.com/engine/install/", "--local": "https://go.dev/dl/", "": "--docker",
		"--both": "setup.sh --local",
	} {
		output, err := setup(t, dir, programs, strings.Fields(arg)...)
		if err == nil {
			t.Errorf("setup.sh %s found everything:\n%s", arg, output)
		}
		wantText(t, output, want)
	}
	if _, err := os.Stat(filepath.Join(dir, ".env")); err == nil || !os.IsNotExist(err) {
		t.Errorf(".env: %v, want %v", err, fs.ErrNotExist)
	}
}
