package delivery

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// imageUser is the user id that the image runs the program as.
const imageUser = 65532

// emptyRoot returns a directory with the binary and an empty data directory, as in the image.
func emptyRoot(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	content, err := os.ReadFile(binary(t))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "minicompete"), content, 0o755)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "data"), 0o700)
	}
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(filepath.Join(dir, "data"), imageUser, imageUser)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// inEmptyRoot runs the binary with dir as its root, so that there are no other files. Root uses chroot directly; other
// users do so in a user namespace.
func inEmptyRoot(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "/minicompete", args...)
	command.Dir, command.Env = "/data", env
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	if os.Getuid() == 0 {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: imageUser, Gid: imageUser}
		return command
	}
	command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: os.Getuid(), Size: 1}}
	command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: os.Getgid(), Size: 1}}
	return command
}

func TestBinaryNeedsNoFile(t *testing.T) {
	dir := emptyRoot(t)
	env := []string{
		"DATABASE_URL=sqlite:///data/minicompete.db", "WEB_ADDR=127.0.0.1:" + freePort(t),
		"API_ADDR=127.0.0.1:0", "BCRYPT_COST=4",
	}

	if output, err := inEmptyRoot(t.Context(), dir, env, "healthcheck").CombinedOutput(); err == nil ||
		!strings.Contains(string(output), "not healthy") {
		t.Errorf("health check without a server: %v, %q; want a failure that says so", err, output)
	}
	// follow ends it gracefully.
	s := follow(t, inEmptyRoot(context.Background(), dir, env, "serve", "--demo"))
	if output, err := inEmptyRoot(t.Context(), dir, env, "healthcheck").CombinedOutput(); err != nil ||
		strings.TrimSpace(string(output)) != "healthy" {
		t.Errorf("health check: %v, %q; want healthy", err, output)
	}
	for path, want := range map[string]string{
		s.webURL + "/":                 "</html>",
		s.webURL + "/competitions":     "</html>",
		s.webURL + "/api/health":       `"status":"ok"`,
		s.apiURL + "/api/docs":         "</html>",
		s.apiURL + "/api/openapi.json": `"openapi": "3.1.`,
		s.apiURL + "/api/competitions": `"seatsLeft"`,
	} {
		if body := get(t, path); !strings.Contains(body, want) {
			t.Errorf("GET %s doesn't contain %s:\n%.500s", path, want, body)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %s, %v", url, answer.Status, err)
	}
	return string(body)
}
