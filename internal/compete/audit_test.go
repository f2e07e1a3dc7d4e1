package compete_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestAuditRecordsOfABatch checks that each record is decoded unchanged, whatever precedes it.
func TestAuditRecordsOfABatch(t *testing.T) {
	at := time.Date(2026, 4, 1, 9, 0, 0, 123456000, time.UTC)
	whole := compete.AuditRecord{
		At: at, Action: compete.AuditRegistered, ActorID: "a", UserID: "u", CompetitionID: "c", SubjectID: "s",
		Before: json.RawMessage(`{"status":"CANCELLED"}`), After: json.RawMessage(`{"status":"CONFIRMED","seq":1}`),
		Via: compete.ViaAPI, Address: "203.0.113.7", RequestID: `"<ü`,
	}
	other := whole
	other.RequestID = `"<ö` // shares half of a multi-byte character with the previous one
	other.At, other.SubjectID, other.After = at.Add(time.Microsecond), "t",
		json.RawMessage(`{"status":"WAITLISTED","seq":2}`)
	for _, records := range [][]compete.AuditRecord{
		nil,
		{whole},
		{whole, whole},
		{whole, other, whole},
		{whole, {At: at, Action: compete.AuditPromoted, Via: compete.ViaJob}, whole},
		{{At: at}, whole, {At: at}},
	} {
		got, err := compete.DecodeAudit(compete.EncodeAudit(records))
		if err != nil || !reflect.DeepEqual(got, records) {
			t.Errorf("%+v comes back as %+v, %v", records, got, err)
		}
	}
}
