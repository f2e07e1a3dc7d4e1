package compete

import (
	"context"
	"encoding/json"
	"reflect"
	"time"
)

// AuditRecord is one line of the audit log: who did what, when, and from where. It is written in the transaction of the
// change that it tells of, and never changes.
//
// To record a change: in the store's method, inside the transaction, call
//
//	tx.record(ctx, compete.AuditRecord{
//		At: now, Action: compete.AuditAccountRole, UserID: id, Before: AuditFields("role", …), After: …,
//	})
//
// with an action of audit_actions.go. Who acts, the way, the address and the request come from ctx (see OriginOf).
//
// People are named by their ids alone. No name, email address or text that somebody typed about a person belongs in
// Before and After, so that there is nothing to erase but the address, and the titles of drafts that are deleted along
// with their organizer's account.
type AuditRecord struct {
	At            time.Time // zero: now
	Action        AuditAction
	ActorID       string // who did it; empty: the request's actor, or nobody who is known
	UserID        string // the account that it's about, if that isn't the actor's
	CompetitionID string // the competition that it belongs to; empty: none
	// of the registration, session, job, …, of the kind Action.Subject; empty: the account, competition or site itself
	SubjectID     string
	Before, After json.RawMessage

	Via       Via // empty: as the request came
	Address   string
	RequestID string
}

// From fills in what the origin knows.
func (r AuditRecord) From(o Origin) AuditRecord {
	if r.ActorID == "" && r.Via != ViaJob {
		r.ActorID = o.Actor.UserID
	}
	if r.Via == "" {
		r.Via = o.Via
	}
	if o.Client.Addr.IsValid() && r.Via != ViaJob {
		r.Address = o.Client.Addr.Unmap().WithZone("").String()
	}
	r.RequestID = o.Client.RequestID
	if r.UserID == r.ActorID {
		r.UserID = ""
	}
	return r
}

// AuditFields are named values, in turn, as a JSON object: AuditFields("role", RoleAdmin). It panics when they can't be
// encoded.
func AuditFields(pairs ...any) json.RawMessage {
	b := []byte{'{'}
	for i := 0; i+1 < len(pairs); i += 2 {
		value, err := json.Marshal(pairs[i+1])
		if err != nil {
			panic(err) // a mistake of the caller's
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, "", pairs[i].(string))
		b = append(append(b, ':'), value...)
	}
	return append(b, '}')
}

// AuditDiff are the fields of a competition that changed, before and after. Of the description and the questions, which
// are long, and of the access code, which is secret, it only says that they did.
func AuditDiff(before, after *Competition) (was, is json.RawMessage) {
	var old, now []any
	compare := func(name string, before, after any) {
		if before != after {
			old, now = append(old, name, before), append(now, name, after)
		}
	}
	olds, news := before.values(), after.values()
	for i, field := range ContentFields {
		compare(field.Name, olds[i], news[i])
	}
	compare("divisions", before.DivisionSummary(), after.DivisionSummary())
	compare("status", before.Status, after.Status)
	compare("organizerId", before.Organizer.ID, after.Organizer.ID)
	if before.Description != after.Description {
		old, now = append(old, "description", "…"), append(now, "description", "…")
	}
	if !reflect.DeepEqual(before.Questions, after.Questions) {
		old, now = append(old, "questions", "…"), append(now, "questions", "…")
	}
	if before.SealedCode != after.SealedCode {
		old = append(old, "accessCode", hidden(before.NeedsCode))
		now = append(now, "accessCode", hidden(after.NeedsCode))
	}
	if len(now) == 0 {
		return nil, nil
	}
	return AuditFields(old...), AuditFields(now...)
}

// hidden is said of a secret instead of its text; nil for none.
func hidden(there bool) any {
	if there {
		return "…"
	}
	return nil
}

// auditTime is a time that can be compared; nil for none.
func auditTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// AuditEntry is a record as it is read, with the names that people and the competition have now; they are empty where
// there is no such any more: the account was erased, the competition deleted.
type AuditEntry struct {
	AuditRecord
	ID               string // in the order of time
	ActorName        string
	UserName         string
	CompetitionTitle string
	// of the competition that a report is about: After names it, since its organizer must not see the record
	ReportedTitle string
}

// Reported is the ID of the competition that a report is about; empty for another record.
func (e *AuditEntry) Reported() string {
	if e.Action.Subject() != "report" {
		return ""
	}
	var after struct{ CompetitionID string }
	_ = json.Unmarshal(e.After, &after) // there is always one, save in a record of a version to come
	return after.CompetitionID
}

// AuditFilter narrows the log. Zero fields don't.
type AuditFilter struct {
	Action        AuditAction
	PersonID      string    // who did it, or whom it's about
	From, Until   time.Time // at From or later, before Until
	CompetitionID string
	Without       []AuditAction // none of these; AuditLog sets it
	Cursor        Cursor        // Cursor.List is "audit"
	Limit         int
}

// MinAuditAge is how long a record is kept at least: the database itself refuses to delete younger ones.
const MinAuditAge = 30 * 24 * time.Hour

// AuditStore keeps the audit log.
type AuditStore interface {
	// Record adds what has no transaction of its own: a login that failed. Its actor and address are those of ctx.
	Record(ctx context.Context, r AuditRecord) error
	// Audit lists what the filter lets through, newest first.
	Audit(ctx context.Context, f AuditFilter) (Page[AuditEntry], error)
}
