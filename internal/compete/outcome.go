package compete

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// RecordedOutcome is the outcome of a registration as stored with its idempotency key. It omits what is known from the
// request or is the same for everybody in a rush. The competition's content is looked up by its version: see
// LedgerTx.EarlierContent.
type RecordedOutcome RegistrationOutcome

// recordSize is enough room for the outcome of a registration, in bytes.
const recordSize = 256

// JSON returns JSON that json.Unmarshal reads into a RegistrationOutcome, for Complete. In a rush everybody waits
// for the transaction that records it, so the fields that every registration has are encoded by hand, in a quarter of
// the time. Registrations with other fields set take the slow path.
func (o *RecordedOutcome) JSON() ([]byte, error) {
	r, rest := &o.Registration, o.Registration
	rest.UserID, rest.CompetitionID, rest.UpdatedAt = "", "", time.Time{} // see Complete
	rest.ID, rest.Status, rest.Seq, rest.Position, rest.RegisteredAt = "", "", 0, 0, time.Time{}
	rest.DivisionID, rest.TeamID, rest.Follows = "", "", false
	if rest != (Registration{}) {
		return o.encodeAll()
	}
	b := make([]byte, 0, recordSize)
	b = appendText(b, `{"Registration":{"ID":`, r.ID)
	b = appendText(b, `,"Status":`, string(r.Status))
	b = appendNumber(b, `,"Seq":`, r.Seq)
	b = appendNumber(b, `,"Position":`, int64(r.Position))
	if r.DivisionID != "" {
		b = appendText(b, `,"DivisionID":`, r.DivisionID)
	}
	if r.TeamID != "" {
		b = appendText(b, `,"TeamID":`, r.TeamID)
	}
	if r.Follows {
		b = append(b, `,"Follows":true`...)
	}
	b = appendTime(b, `,"RegisteredAt":`, r.RegisteredAt)
	b = appendNumber(b, `},"Competition":{"SeatsLeft":`, int64(o.Competition.SeatsLeft))
	b = appendNumber(b, `,"Waitlisted":`, int64(o.Competition.Waitlisted))
	b = appendNumber(b, `,"Version":`, int64(o.Competition.Version))
	if divisions := o.Competition.Divisions; len(divisions) > 0 {
		b = append(b, `,"Divisions":[`...)
		for i := range divisions {
			b = appendNumber(b, `{"SeatsLeft":`, int64(divisions[i].SeatsLeft))
			b = appendNumber(b, `,"Waitlisted":`, int64(divisions[i].Waitlisted))
			b = append(b, "},"...)
		}
		b[len(b)-1] = ']'
	}
	return append(b, "}}"...), nil
}

// encodeAll is JSON for a registration with more than the common fields set.
func (o *RecordedOutcome) encodeAll() ([]byte, error) {
	type division struct{ SeatsLeft, Waitlisted int }
	type seats struct {
		SeatsLeft, Waitlisted, Version int
		Divisions                      []division `json:",omitempty"`
	}
	c := &o.Competition
	recorded := seats{SeatsLeft: c.SeatsLeft, Waitlisted: c.Waitlisted, Version: c.Version}
	for _, d := range c.Divisions {
		recorded.Divisions = append(recorded.Divisions, division{d.SeatsLeft, d.Waitlisted})
	}
	return json.Marshal(struct {
		Registration Registration
		Competition  seats
	}{o.Registration, recorded})
}

// Whole reports whether the outcome includes the competition's content. A recorded outcome doesn't.
func (o *RegistrationOutcome) Whole() bool { return o.Competition.Title != "" }

// Complete adds the missing parts to a recorded outcome: the user, and the competition's content in the version of that
// time.
func (o *RegistrationOutcome) Complete(userID string, content Competition) {
	r := &o.Registration
	r.UserID, r.CompetitionID, r.UpdatedAt = userID, content.ID, r.RegisteredAt
	then := o.Competition
	o.Competition = content.Summary()
	o.Competition.SeatsLeft, o.Competition.Waitlisted = then.SeatsLeft, then.Waitlisted
	if len(then.Divisions) == len(content.Divisions) { // else the content of that version is no longer known
		o.Competition.Divisions = slices.Clone(content.Divisions)
		for i, d := range then.Divisions {
			o.Competition.Divisions[i].SeatsLeft, o.Competition.Divisions[i].Waitlisted = d.SeatsLeft, d.Waitlisted
		}
	}
}

// appendText appends a name and a string. Strings that JSON may escape are left to package json.
func appendText(b []byte, name, s string) []byte {
	b = append(b, name...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // every string can be encoded
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendNumber(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendTime(b []byte, name string, t time.Time) []byte {
	return append(t.AppendFormat(append(append(b, name...), '"'), time.RFC3339Nano), '"')
}
