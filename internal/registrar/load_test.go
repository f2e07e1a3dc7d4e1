package registrar

import (
	"testing"
	"time"
)

func TestLoadTellsBatchesFromARush(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	var r Registrar
	r.load.note(0, at)
	if r.LastBatch().Year() > 1970 {
		t.Error("a batch without messages counts")
	}
	r.load.note(rushSize-1, at)
	if !r.LastBatch().Equal(at) || r.LastRush().Year() > 1970 {
		t.Errorf("after a small batch the last batch is of %v and the last rush of %v", r.LastBatch(), r.LastRush())
	}
	r.load.note(rushSize, at)
	r.load.note(1, at.Add(time.Second))
	if !r.LastBatch().Equal(at.Add(time.Second)) || !r.LastRush().Equal(at) {
		t.Errorf("after a rush the last batch is of %v and the last rush of %v", r.LastBatch(), r.LastRush())
	}
}
