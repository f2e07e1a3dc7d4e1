package compete

import (
	"testing"
	"time"
)

func TestJobsAreEncodedWithTheirOptions(t *testing.T) {
	got, err := JobEncoder{MaxAttempts: 7}.Encode(MoveJob{CompetitionID: "c", MoveID: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Kind != "move" || string(got.Payload) != `{"competitionId":"c","moveId":"m"}` ||
		got.Queue != QueueReminder ||
		got.Priority != PriorityNow || got.Delay != MoveWindow || got.MaxAttempts != 7 {
		t.Errorf("a job is kept as %+v", got)
	}
	if _, err := (JobEncoder{}).Encode(RemindJob{}); err == nil {
		t.Error("a job that is added once was encoded")
	}
	again := JobEncoder{}.Again(FailedJob{
		Kind: "of an older version", Queue: QueueMail,
		Payload: []byte("{}"), Attempts: 3,
	})
	if again.Kind != "of an older version" || again.Queue != QueueMail || string(again.Payload) != "{}" ||
		again.MaxAttempts != DefaultJobAttempts {
		t.Errorf("a failed job is sent again as %+v", again)
	}
}

func TestMailsThatSomebodyWaitsForComeFirst(t *testing.T) {
	for kind, want := range map[MessageKind]int{
		MessagePasswordReset: PriorityNow, MessageConfirmed: PriorityUsual, MessageReminder: PriorityLater,
		"of a later version": PriorityUsual,
	} {
		if got := (MailJob{About: kind}).Options(); got.Priority != want || got.Yields != (want > PriorityNow) {
			t.Errorf("a mail about %s has the options %+v", kind, got)
		}
	}
}

func TestAnErasureIsDoneAgainLater(t *testing.T) {
	if first, last := (EraseJob{}).Options().Delay, (EraseJob{Last: true}).Options().Delay; first != 0 ||
		last < time.Minute {
		t.Errorf("the jobs of an erasure are due after %v and %v", first, last)
	}
}
