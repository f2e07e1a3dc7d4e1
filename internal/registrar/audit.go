package registrar

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// recordAudit records an action of the current command in the audit log.
func (b *batch) recordAudit(r compete.AuditRecord) { b.audit = append(b.audit, r.From(b.origin)) }

// recordChange records a change of a registration. via is empty for the actor's own change, and ViaJob for a
// consequence.
func (b *batch) recordChange(
	action compete.AuditAction, via compete.Via, r *compete.Registration, before compete.RegistrationStatus,
	after json.RawMessage, now time.Time,
) {
	record := compete.AuditRecord{
		At: now, Action: action, Via: via, UserID: r.UserID, CompetitionID: r.CompetitionID,
		SubjectID: r.ID, After: after,
	}
	if before != "" {
		record.Before = json.RawMessage(`{"status":"` + before + `"}`)
	}
	b.recordAudit(record)
}

// statusAndSeq encodes the status and the position in the order of arrival. In a rush there is one per registration.
func statusAndSeq(r *compete.Registration) json.RawMessage {
	fields := append(append([]byte(`{"status":"`), r.Status...), `","seq":`...)
	return append(strconv.AppendInt(fields, r.Seq, 10), '}')
}

// offerFields is statusAndSeq for an offer.
func offerFields(r *compete.Registration) json.RawMessage {
	return compete.AuditFields("status", r.Status, "seq", r.Seq, "confirmBy", r.ConfirmBy)
}

// recordContent records a change of a competition's content by the actor.
func (b *batch) recordContent(action compete.AuditAction, before, after *compete.Competition, now time.Time) {
	was, is := compete.AuditDiff(before, after)
	b.recordAudit(compete.AuditRecord{At: now, Action: action, CompetitionID: after.ID, Before: was, After: is})
}

// updateAction returns the audit action for an update of a competition.
func updateAction(before, after *compete.Competition) compete.AuditAction {
	switch {
	case before.Status == after.Status:
		return compete.AuditCompetitionUpdated
	case after.Status == compete.StatusPublished:
		return compete.AuditCompetitionPublished
	}
	return compete.AuditCompetitionUnpublished
}
