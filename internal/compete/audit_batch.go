package compete

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// auditTexts is the number of fields in a record.
const auditTexts = 11

// texts returns the fields as text, starting with those that differ most between consecutive records.
func (r *AuditRecord) texts() [auditTexts]string {
	return [...]string{
		strconv.FormatInt(r.At.UnixNano(), 10), r.ActorID, r.SubjectID, r.RequestID, string(r.After),
		string(r.Before), string(r.Action), r.UserID, r.CompetitionID, string(r.Via), r.Address,
	}
}

// EncodeAudit packs the records of one transaction, using about 90 bytes per registration in a rush, since everyone
// whose registration is in the transaction waits until the records are on disk. It stores only the part of each field
// that differs from the previous record: during a rush, most IDs (UUID v7) and times share a prefix.
//
// A record is a field count, which omits trailing fields that equal the previous record's, followed by the fields. A
// field is the length of the prefix shared with the previous record's field, the number of remaining bytes, and those
// bytes. Numbers are varints.
func EncodeAudit(records []AuditRecord) []byte {
	b := make([]byte, 0, 96*len(records)+256)
	var last [auditTexts]string
	for i := range records {
		texts := records[i].texts()
		n := len(texts)
		for n > 0 && texts[n-1] == last[n-1] {
			n--
		}
		b = binary.AppendUvarint(b, uint64(n))
		for j, text := range texts[:n] {
			shared := sharedPrefix(last[j], text)
			b = binary.AppendUvarint(b, uint64(shared))           //nolint:gosec // a length
			b = binary.AppendUvarint(b, uint64(len(text)-shared)) //nolint:gosec // a length
			b = append(b, text[shared:]...)
		}
		last = texts
	}
	return b
}

func sharedPrefix(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

var errAuditMalformed = errors.New("a batch of audit records is malformed")

// DecodeAudit unpacks the output of EncodeAudit.
func DecodeAudit(b []byte) ([]AuditRecord, error) {
	var records []AuditRecord
	var texts [auditTexts]string
	for len(b) > 0 {
		var n int
		if n, b = cutVarint(b, len(texts)); n < 0 {
			return nil, errAuditMalformed
		}
		for j := range n {
			var shared, others int
			shared, b = cutVarint(b, len(texts[j]))
			others, b = cutVarint(b, len(b))
			if shared < 0 || others < 0 || others > len(b) {
				return nil, errAuditMalformed
			}
			texts[j] = texts[j][:shared] + string(b[:others])
			b = b[others:]
		}
		r, err := auditRecord(&texts)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// cutVarint reads a number from the front of b. It returns -1 if there is none, or if it exceeds the limit.
func cutVarint(b []byte, limit int) (int, []byte) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(limit) { //nolint:gosec // a length
		return -1, b
	}
	return int(n), b[size:] //nolint:gosec // at most the limit
}

func auditRecord(texts *[auditTexts]string) (AuditRecord, error) {
	at, err := strconv.ParseInt(texts[0], 10, 64)
	if err != nil {
		return AuditRecord{}, errAuditMalformed
	}
	r := AuditRecord{
		At: time.Unix(0, at).UTC(), ActorID: texts[1], SubjectID: texts[2], RequestID: texts[3],
		Action: AuditAction(texts[6]),
		UserID: texts[7], CompetitionID: texts[8], Via: Via(texts[9]), Address: texts[10],
	}
	if texts[4] != "" {
		r.After = json.RawMessage(texts[4])
	}
	if texts[5] != "" {
		r.Before = json.RawMessage(texts[5])
	}
	return r, nil
}
