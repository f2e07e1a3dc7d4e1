package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Failed jobs beside a running server: those it gave up are listed, and retried ones are done. They are about cancelled
// registrations, because a sweep would confirm pending ones without any command.
func TestFailedJobsByCommand(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		environment := map[string]string{"DATABASE_URL": databaseURL, "JOB_MAX_ATTEMPTS": "1", "LOG_LEVEL": "error"}
		p := serve(t, environment)
		db := open(t, databaseURL)
		count := func(query string, args ...any) (n int) {
			t.Helper()
			if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for command, want := range map[string]string{
			"failed":      "There are no failed jobs.\n",
			"retry --all": "There are no failed jobs to retry.\n",
		} {
			got := runToEnd(t, environment, "", append([]string{"jobs"}, strings.Fields(command)...)...)
			if got.code != exitOK || got.out != want {
				t.Errorf("jobs %s without any: exit code %d, want %q: %s%s", command, got.code, want,
					got.out, got.errOut)
			}
		}
		apptest.Eventually(t, apptest.Patience, "the clean-up of the start is over, which needs what is broken next",
			func() bool {
				return count("SELECT count(*) FROM river_job WHERE kind = 'clean_up' AND state = 'completed'") > 0
			})
		given := p.giveUp(t, db, count, 2)

		listed := runToEnd(t, environment, "", "jobs", "failed")
		if lines := strings.Split(strings.TrimSpace(listed.out), "\n"); listed.code != exitOK || len(lines) != 3 ||
			!strings.HasPrefix(lines[0], "ID ") {
			t.Fatalf("jobs failed: exit code %d: %s%s", listed.code, listed.out, listed.errOut)
		}
		failedJobs := failedAsJSON(t, environment)
		if len(failedJobs) != 2 {
			t.Fatalf("jobs failed --json: %d failed jobs, want 2", len(failedJobs))
		}
		for i, failed := range failedJobs { // newest first
			registration := given[1-i]
			if failed.Kind != "notify" || failed.Attempts != 1 || !strings.Contains(failed.Error, "messages") ||
				failed.RetriedAt != nil ||
				!strings.Contains(string(failed.Payload), registration) {
				t.Errorf("failed job %d is %+v with %s, want one about registration %s", i, failed,
					failed.Payload, registration)
			}
			if line := strings.Split(listed.out, "\n")[1+i]; !strings.HasPrefix(line, failed.ID+" ") ||
				!strings.Contains(line, " notify ") ||
				!strings.Contains(line, " never ") || !strings.Contains(line, "messages") {
				t.Errorf("line %d is %q", i, line)
			}
		}

		wantRetried := func(failed compete.FailedJob, registration string, args ...string) {
			t.Helper()
			got := runToEnd(t, environment, "", append([]string{"jobs", "retry"}, args...)...)
			if got.code != exitOK || got.out != "Retrying "+failed.ID+"\n" {
				t.Errorf("jobs retry %v: exit code %d: %s%s", args, got.code, got.out, got.errOut)
			}
			apptest.Eventually(t, apptest.Patience, "the job is done", func() bool {
				return count("SELECT count(*) FROM messages WHERE registration_id = $1 AND kind = 'cancelled'",
					registration) == 1
			})
		}
		wantRetried(failedJobs[1], given[0], failedJobs[1].ID)
		if again := runToEnd(t, environment, "", "jobs", "retry", failedJobs[1].ID); again.code != exitError ||
			!strings.Contains(again.errOut, failedJobs[1].ID) {
			t.Errorf("retried twice: exit code %d: %s%s", again.code, again.out, again.errOut)
		}
		if got := count("SELECT count(*) FROM messages WHERE kind = 'cancelled'"); got != 1 {
			t.Errorf("%d messages, want that of the one job that was sent again", got)
		}
		wantRetried(failedJobs[0], given[1], "--all")
		for _, failed := range failedAsJSON(t, environment) {
			if failed.RetriedAt == nil {
				t.Errorf("sent again, it is %+v", failed)
			}
		}
	})
}

// giveUp makes the server give up n jobs, one after the other, and returns their registrations.
func (p *process) giveUp(t *testing.T, db *sql.DB, count func(string, ...any) int, n int) (registrations []string) {
	t.Helper()
	competition := p.newCompetition(t)
	tokens := []string{}
	for _, token := range insertCrowd(t, db, n) {
		var registration struct{ ID string }
		p.mustCall(t, http.MethodPost, "/competitions/"+competition+"/register", token, nil, &registration)
		registrations, tokens = append(registrations, registration.ID), append(tokens, token)
	}
	apptest.Eventually(t, apptest.Patience, "everybody is confirmed", func() bool {
		return count("SELECT count(*) FROM registrations WHERE status = 'CONFIRMED'") == n
	})
	rename := func(from, to string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("ALTER TABLE %s RENAME TO %s", from, to)); err != nil {
			t.Fatal(err)
		}
	}
	rename("messages", "messages_gone")
	for i, registration := range registrations {
		p.mustCall(t, http.MethodDelete, "/registrations/"+registration, tokens[i], nil, nil)
		apptest.Eventually(t, apptest.Patience, "its job has failed",
			func() bool { return count("SELECT count(*) FROM failed_jobs") == i+1 })
	}
	rename("messages_gone", "messages")
	return registrations
}

// failedAsJSON returns the output of 'jobs failed --json'.
func failedAsJSON(t *testing.T, environment map[string]string) (failedJobs []compete.FailedJob) {
	t.Helper()
	got := runToEnd(t, environment, "", "jobs", "failed", "--json")
	if got.code != exitOK {
		t.Fatalf("jobs failed --json: exit code %d: %s", got.code, got.errOut)
	}
	for line := range strings.Lines(got.out) {
		var failed compete.FailedJob
		if err := json.Unmarshal([]byte(line), &failed); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		failedJobs = append(failedJobs, failed)
	}
	return failedJobs
}
