package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/testservices"
)

func TestHelp(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"--help"},
		{"serve", "--help"},
		{"migrate", "--help"},
		{"migrate", "down", "--help"},
		{"seed", "--help"},
		{"backup", "--help"},
		{"restore", "--help"},
		{"user", "create", "--help"},
		{"user", "promote", "--help"},
		{"user", "reset-link", "--help"},
		{"user", "reset-factors", "--help"},
		{"mail", "test", "--help"},
		{"jobs", "failed", "--help"},
		{"jobs", "retry", "--help"},
		{"version", "--help"},
	} {
		got := runToEnd(t, nil, "", args...)
		if got.code != exitOK || !strings.HasPrefix(got.out, "Usage: minicompete") ||
			!strings.Contains(got.out, "DATABASE_URL") || got.errOut != "" {
			t.Errorf("%v: exit code %d\n%s%s", args, got.code, got.out, got.errOut)
		}
		serves := slices.Contains(args, "serve") || len(args) == 1
		if strings.Contains(got.out, "--limit-logins") != serves ||
			strings.Contains(got.out, "run: minicompete --help") == serves {
			t.Errorf("%v: got all settings, or no word of where they are:\n%s", args, got.out)
		}
	}
	if got := runToEnd(t, nil, "", "version"); got.code != exitOK || strings.TrimSpace(got.out) == "" {
		t.Errorf("version: got %+v", got)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, tc := range []struct {
		environment map[string]string
		args        []string
		names       string
		code        int
	}{
		{nil, []string{"dance"}, "dance", exitUsage},
		{nil, []string{"serve", "--no-such-flag"}, "--no-such-flag", exitUsage},
		{nil, []string{"serve", "--bcrypt-cost=many"}, "--bcrypt-cost", exitUsage},
		{map[string]string{"BCRYPT_COST": "many"}, []string{"serve"}, "BCRYPT_COST", exitUsage},
		{map[string]string{"BCRYPT_COST": "99"}, []string{"serve"}, "BCRYPT_COST", exitUsage},
		{map[string]string{"JWT_EXPIRATION": "1w"}, []string{"serve"}, "JWT_EXPIRATION", exitUsage},
		{map[string]string{"JWT_SECRET": "short"}, []string{"serve"}, "JWT_SECRET", exitUsage},
		{
			map[string]string{"DATABASE_URL": "postgres://u:hunter2@localhost/x", "JWT_SECRET": ""},
			[]string{"serve"},
			"JWT_SECRET", exitUsage,
		},
		{
			map[string]string{"DATABASE_URL": "mysql://u:hunter2@localhost/x"},
			[]string{"migrate", "status"},
			"DATABASE_URL", exitUsage,
		},
		{map[string]string{"PUBLIC_URL": "https://example.com"}, []string{"seed"}, "PUBLIC_URL", exitUsage},
		{map[string]string{"PUBLIC_URL": "https://example.com"}, []string{"serve", "--demo"}, "PUBLIC_URL", exitUsage},
		{map[string]string{"WEB_ADDR": "203.0.113.7:1"}, []string{"serve"}, "web", exitError},
		{nil, []string{"jobs", "retry"}, "--all", exitUsage},
		{nil, []string{"backup"}, "file", exitUsage},
		{nil, []string{"backup", "backup.db"}, "found to back up", exitError},
		{nil, []string{"restore", "backup.db"}, "backup.db", exitError},
		{nil, []string{"jobs", "retry", "nothing"}, "nothing", exitError},
		{nil, []string{"user", "promote", "nobody@example.com"}, "User", exitError},
		{nil, []string{"user", "reset-link", "nobody@example.com"}, "User", exitError},
		{nil, []string{"user", "reset-factors", "nobody@example.com"}, "User", exitError},
		{nil, []string{"user", "create", "not an email"}, "email", exitUsage},
	} {
		got := runToEnd(t, tc.environment, "password123\n", tc.args...)
		if got.code != tc.code || !strings.Contains(got.errOut, tc.names) {
			t.Errorf("%v %v: exit code %d, want %d and %q in: %s", tc.environment, tc.args, got.code, tc.code,
				tc.names, got.errOut)
		}
		if strings.Contains(got.errOut, "hunter2") || strings.Count(got.errOut, "\n") > 1 && tc.code == exitUsage {
			t.Errorf("%v %v: it tells a password, or more than one line: %s", tc.environment, tc.args, got.errOut)
		}
	}
}

func TestAccountsByCommand(t *testing.T) {
	environment := map[string]string{"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "x.db")}
	wrong := runToEnd(t, environment, "short\n", "user", "create", "no address", "--role=king")
	for _, field := range []string{"email", "password", "role"} {
		if !strings.Contains(wrong.errOut, field+" must be") {
			t.Errorf("of everything wrong, %s is not named: %s", field, wrong.errOut)
		}
	}
	for _, tc := range []struct {
		password string // from the environment
		input    string
		args     []string
		code     int
	}{
		{"", "password123\n", []string{"user", "create", "Root@Example.com", "--role=admin", "--name=Root"}, exitOK},
		{"", "password123\n", []string{"user", "create", "root@example.com"}, exitError},
		{"", "short\n", []string{"user", "create", "other@example.com"}, exitUsage},
		{"password123", "", []string{"user", "create", "other@example.com"}, exitOK},
		{"", "", []string{"user", "promote", "other@example.com", "--role=organizer"}, exitOK},
		{"", "", []string{"user", "promote", "other@example.com", "--role=king"}, exitUsage},
	} {
		environment["MINICOMPETE_PASSWORD"] = tc.password
		if got := runToEnd(t, environment, tc.input, tc.args...); got.code != tc.code {
			t.Errorf("%v: exit code %d, want %d: %s", tc.args, got.code, tc.code, got.errOut)
		}
	}
	wantCommandsRecorded(t, environment["DATABASE_URL"])
	p := serve(t, environment)
	for email, role := range map[string]string{"root@example.com": "ADMIN", "other@example.com": "ORGANIZER"} {
		var login struct{ User struct{ Role string } }
		p.mustCall(t, http.MethodPost, "/auth/login", "", map[string]any{"email": email, "password": "password123"},
			&login)
		if login.User.Role != role {
			t.Errorf("%s has the role %s", email, login.User.Role)
		}
	}
	if code := p.terminate(t); code != exitOK {
		t.Errorf("after SIGTERM: exit code %d", code)
	}
}

// wantCommandsRecorded checks that the audit log attributes account changes to the command line, and contains no
// refused ones.
func wantCommandsRecorded(t *testing.T, databaseURL string) {
	t.Helper()
	rows, err := open(t, databaseURL).QueryContext(t.Context(),
		`SELECT action || coalesce(after, '') || via || address || coalesce(actor_id, '') FROM audit ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var record string
		if err := rows.Scan(&record); err != nil {
			t.Fatal(err)
		}
		got = append(got, record)
	}
	want := []string{
		`account.created{"role":"ADMIN"}cli`, `account.created{"role":"PARTICIPANT"}cli`,
		`account.role{"role":"ORGANIZER"}cli`,
	}
	if err := rows.Err(); err != nil || !slices.Equal(got, want) {
		t.Errorf("the audit log has %q, want %q, %v", got, want, err)
	}
}

// The link printed by the command sets a password, once, without any email.
func TestResetLink(t *testing.T) {
	environment := map[string]string{
		"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "x.db"),
		"PUBLIC_URL":   "https://compete.example.com",
	}
	if got := runToEnd(t, environment, "password123\n", "user", "create", "ada@example.com"); got.code != exitOK {
		t.Fatal(got.errOut)
	}
	got := runToEnd(t, environment, "", "user", "reset-link", "Ada@example.com")
	token, isLink := strings.CutPrefix(strings.TrimSpace(got.out), "https://compete.example.com/auth/reset?token=")
	if got.code != exitOK || !isLink {
		t.Fatalf("exit code %d: %s%s", got.code, got.out, got.errOut)
	}
	p := serve(t, environment)
	reset := map[string]any{"token": token, "password": "another password"}
	p.mustCall(t, http.MethodPost, "/auth/password/reset", "", reset, nil)
	if status, err := p.call(http.MethodPost, "/auth/password/reset", "", reset, nil); err != nil ||
		status != http.StatusConflict {
		t.Errorf("used again: %d, %v, want 409", status, err)
	}
	p.mustCall(t, http.MethodPost, "/auth/login", "",
		map[string]any{"email": "ada@example.com", "password": "another password"}, nil)
}

func TestMigrateCommands(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, databaseURL string) {
		environment := map[string]string{"DATABASE_URL": databaseURL, "JWT_SECRET": ""}
		for _, step := range []struct{ command, says string }{
			{"status", "pending"},
			{"up", "up to date"},
			{"up", "up to date"},
			{"status", "applied"},
			{"down", "Undid"},
			{"status", "pending"},
			{"up", "up to date"},
		} {
			got := runToEnd(t, environment, "", "migrate", step.command)
			if got.code != exitOK || !strings.Contains(got.out, step.says) {
				t.Errorf("migrate %s: exit code %d, want %q: %s%s", step.command, got.code, step.says,
					got.out, got.errOut)
			}
		}
	})
}

// The demo: everything it prints is true, its data is added once, and all of it is confirmed.
func TestDemo(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		environment := map[string]string{"DATABASE_URL": databaseURL}
		for _, says := range []string{"Added", "already there"} {
			if got := runToEnd(t, environment, "", "seed"); got.code != exitOK || !strings.Contains(got.out, says) {
				t.Fatalf("seed: exit code %d, want %q: %s%s", got.code, says, got.out, got.errOut)
			}
		}
		p := serve(t, environment, "--demo")
		seen := map[string]int{}
		for _, email := range []string{
			"participant1@minicompete.com", "participant2@minicompete.com", "participant3@minicompete.com",
			"participant4@minicompete.com",
			"participant5@minicompete.com", "organizer1@minicompete.com", "organizer2@minicompete.com",
			"admin@minicompete.com",
		} {
			var login struct {
				Token string
				User  struct{ Role string }
			}
			p.mustCall(t, http.MethodPost, "/auth/login", "", map[string]any{"email": email, "password": "password123"},
				&login)
			if login.User.Role != "ORGANIZER" {
				continue
			}
			var competitions []struct{ Phase string }
			p.mustCall(t, http.MethodGet, "/competitions/my-competitions?limit=100", login.Token, nil, &competitions)
			for _, c := range competitions {
				seen[c.Phase]++
			}
		}
		for _, phase := range []string{"draft", "upcoming", "open", "waitlist", "full", "closed", "cancelled"} {
			if seen[phase] == 0 {
				t.Errorf("no competition is %s: %v", phase, seen)
			}
		}
	})
}

func TestEnvFile(t *testing.T) {
	for content, want := range map[string]result{
		"BCRYPT_COST=99\nDATABASE_URL=sqlite:x.db\n": {
			code:   exitUsage,
			errOut: "minicompete: BCRYPT_COST must be between 4 and 31, not 99\n",
		},
		"JWT_SECRET=\"hunter2\n": {
			code: exitUsage,
			errOut: "minicompete: .env must have lines of the form NAME=value; put quotes around values with " +
				"spaces or special characters\n",
		},
	} {
		cmd := command(t, nil, "migrate", "status")
		cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "BCRYPT_COST=") })
		if err := os.WriteFile(filepath.Join(cmd.Dir, ".env"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var errOut strings.Builder
		cmd.Stderr = &errOut
		_ = cmd.Run() // ProcessState has the result
		if got := (result{code: cmd.ProcessState.ExitCode(), errOut: errOut.String()}); got != want {
			t.Errorf("with %q in .env: got %+v, want %+v", content, got, want)
		}
	}
}
