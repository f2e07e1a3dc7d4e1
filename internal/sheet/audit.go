package sheet

import (
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// auditColumns are the columns of an audit log. Programs rely on the names; new ones are added at the end.
var auditColumns = []string{
	"id", "at", "action", "actorId", "actor", "userId", "user", "competitionId", "competition", "subjectId", "before",
	"after", "via", "address", "requestId",
}

func auditEntry(e *compete.AuditEntry) []string {
	return []string{
		e.ID, moment(e.At), string(e.Action), e.ActorID, e.ActorName, e.UserID, e.UserName, e.CompetitionID,
		e.CompetitionTitle, e.SubjectID,
		string(e.Before), string(e.After), string(e.Via), e.Address, e.RequestID,
	}
}

// AuditName returns the file name of an audit log exported on a day; title is the competition's, if it belongs to one.
func AuditName(title string, day time.Time) string {
	name := "audit-" + day.Format(time.DateOnly) + ".csv"
	if title = slug(title); title != "" {
		name = title + "-" + name
	}
	return name
}

// SendAudit is Send for the audit log.
func SendAudit(
	w http.ResponseWriter, r *http.Request, log *slog.Logger, name, mark string,
	parts iter.Seq2[[]compete.AuditEntry, error],
) {
	send(w, r, log, name, mark, auditColumns, parts, auditEntry)
}
