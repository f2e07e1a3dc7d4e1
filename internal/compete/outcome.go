package compete

import (
	"encoding/json"
	"strconv"
	"time"
)

// appender is an outcome that can write its JSON itself.
type appender interface {
	AppendJSON(b []byte) []byte
}

// AppendJSON appends what json.Marshal gives, in a quarter of the time: in a rush each outcome is encoded while everybody waits for
// the transaction that records it.
func (o RegistrationOutcome) AppendJSON(b []byte) []byte {
	b = append(b, `{"Registration":`...)
	b = o.Registration.appendJSON(b)
	b = append(b, `,"Competition":`...)
	b = o.Competition.appendJSON(b)
	return append(b, '}')
}

// RecordedOutcome is the outcome of a press as it is stored for its idempotency key: what isn't known from the request, or the same
// for everybody in a rush. The content of the competition is found again by its version: see LedgerTx.EarlierContent.
type RecordedOutcome RegistrationOutcome

// AppendJSON appends what json.Unmarshal reads into a RegistrationOutcome, for Complete.
func (o RecordedOutcome) AppendJSON(b []byte) []byte {
	b = appendText(b, `{"Registration":{"ID":`, o.Registration.ID)
	b = appendText(b, `,"Status":`, string(o.Registration.Status))
	b = appendNumber(b, `,"Seq":`, o.Registration.Seq)
	b = appendNumber(b, `,"Position":`, int64(o.Registration.Position))
	b = appendTime(b, `,"RegisteredAt":`, &o.Registration.RegisteredAt)
	b = appendNumber(b, `},"Competition":{"SeatsLeft":`, int64(o.Competition.SeatsLeft))
	b = appendNumber(b, `,"Waitlisted":`, int64(o.Competition.Waitlisted))
	b = appendNumber(b, `,"Version":`, int64(o.Competition.Version))
	return append(b, "}}"...)
}

// Whole reports whether the outcome has the competition's content: one that was recorded has not.
func (o *RegistrationOutcome) Whole() bool { return o.Competition.Title != "" }

// Complete makes a recorded outcome whole again, from who pressed and the competition in the version of that moment.
func (o *RegistrationOutcome) Complete(userID string, content Competition) {
	r := &o.Registration
	r.UserID, r.CompetitionID, r.UpdatedAt = userID, content.ID, r.RegisteredAt
	seatsLeft, waitlisted := o.Competition.SeatsLeft, o.Competition.Waitlisted
	o.Competition = content.Summary()
	o.Competition.SeatsLeft, o.Competition.Waitlisted = seatsLeft, waitlisted
}

func (r *Registration) appendJSON(b []byte) []byte {
	b = appendText(b, `{"ID":`, r.ID)
	b = appendText(b, `,"UserID":`, r.UserID)
	b = appendText(b, `,"CompetitionID":`, r.CompetitionID)
	b = appendText(b, `,"Status":`, string(r.Status))
	b = appendNumber(b, `,"Seq":`, r.Seq)
	b = appendNumber(b, `,"Position":`, int64(r.Position))
	b = appendTime(b, `,"RegisteredAt":`, &r.RegisteredAt)
	b = appendTime(b, `,"UpdatedAt":`, &r.UpdatedAt)
	b = appendTime(b, `,"PromotedAt":`, r.PromotedAt)
	return append(b, '}')
}

func (c *Competition) appendJSON(b []byte) []byte {
	b = appendText(b, `{"ID":`, c.ID)
	b = appendText(b, `,"Title":`, c.Title)
	b = appendText(b, `,"Description":`, c.Description)
	b = appendText(b, `,"Location":`, c.Location)
	b = appendTags(b, c.Tags)
	b = appendNumber(b, `,"Capacity":`, int64(c.Capacity))
	b = appendNumber(b, `,"SeatsLeft":`, int64(c.SeatsLeft))
	b = appendNumber(b, `,"Waitlisted":`, int64(c.Waitlisted))
	b = appendTime(b, `,"RegOpensAt":`, c.RegOpensAt)
	b = appendTime(b, `,"RegDeadline":`, &c.RegDeadline)
	b = appendTime(b, `,"StartDate":`, c.StartDate)
	b = appendTime(b, `,"EndDate":`, c.EndDate)
	b = appendText(b, `,"TimeZone":`, c.TimeZone)
	b = appendText(b, `,"Status":`, string(c.Status))
	b = strconv.AppendBool(append(b, `,"Waitlist":`...), c.Waitlist)
	b = strconv.AppendBool(append(b, `,"Discarded":`...), c.Discarded)
	b = appendText(b, `,"Organizer":{"ID":`, c.Organizer.ID)
	b = appendText(b, `,"Name":`, c.Organizer.Name)
	b = appendNumber(b, `},"Version":`, int64(c.Version))
	b = appendTime(b, `,"CreatedAt":`, &c.CreatedAt)
	b = appendTime(b, `,"UpdatedAt":`, &c.UpdatedAt)
	return append(b, '}')
}

func appendTags(b []byte, tags []string) []byte {
	b = append(b, `,"Tags":`...)
	if tags == nil {
		return append(b, "null"...)
	}
	separator := "["
	for _, tag := range tags {
		b = appendText(b, separator, tag)
		separator = ","
	}
	if len(tags) == 0 {
		b = append(b, '[')
	}
	return append(b, ']')
}

// appendText appends a name and a string. What JSON would escape, or may, is left to package json.
func appendText(b []byte, name, s string) []byte {
	b = append(b, name...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // every string has a JSON form
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendNumber(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendTime(b []byte, name string, t *time.Time) []byte {
	b = append(b, name...)
	if t == nil {
		return append(b, "null"...)
	}
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}
