package jobs

import (
	"strings"
	"testing"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestAFailedJobOfAnOlderVersionCanBeSentAgain(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		gone := compete.FailedJob{
			ID: f.client.config.NewID(), JobID: 4711, Queue: compete.QueueMaintenance,
			Kind:    "worked_by_an_older_version",
			Payload: []byte(`{}`), Error: "gone", Attempts: 3, FailedAt: f.clock(),
		}
		if err := f.store.SaveFailedJob(f.Context(), gone); err != nil {
			f.Fatal(err)
		}
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		if _, err := f.store.RetryFailedJob(f.Context(), gone.ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.next(failed, gone.Kind)
	})
}

func TestErrorTextsKeepNoSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"dial postgres://app:hunter2@db:5432/x: refused": "dial postgres://…@db:5432/x: refused",
		"redis://:hunter2@cache/0 is away":               "redis://…@cache/0 is away",
		"user=app password=hunter2 host=db":              "user=app password=… host=db",
		"nul \x00 and \xff bytes":                        "nul  and  bytes",
		"see https://compete.example.com/a@b":            "see https://compete.example.com/a@b",
	} {
		if got := cleaned(text); got != want {
			t.Errorf("cleaned(%q) = %q, want %q", text, got, want)
		}
	}
	if got := len(cleaned(strings.Repeat("競", maxErrorText))); got > maxErrorText {
		t.Errorf("a long text keeps %d bytes, want at most %d", got, maxErrorText)
	}
}
