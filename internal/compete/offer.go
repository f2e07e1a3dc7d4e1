package compete

import "time"

// The limits of CompetitionContent.OfferHours: from an hour to 30 days.
const (
	MinOfferHours = 1
	MaxOfferHours = 720
)

// ArrivalGrace is how long after the end of an offer, or the deadline of a lottery or of teams, nothing follows from it
// yet: what arrived in time may still be in a queue, possibly that of another replica. What arrives during that time is
// too late.
const ArrivalGrace = 20 * time.Second

// OfferedUntil returns the end of an offer of a seat that becomes free now, never later than the start; nil if freed
// seats are assigned immediately.
func (c *Competition) OfferedUntil(now time.Time) *time.Time {
	if c.OfferHours == nil {
		return nil
	}
	until := now.Add(time.Duration(*c.OfferHours) * time.Hour)
	if c.StartDate != nil && c.StartDate.Before(until) {
		until = *c.StartDate
	}
	return &until
}

// OfferOpen reports whether the registration is an offer that can be answered at the given time.
func (r *Registration) OfferOpen(now time.Time) bool {
	return r.Status == RegistrationOffered && now.Before(*r.ConfirmBy)
}

// OfferOver reports whether the registration is an offer that wasn't answered in time, and no longer can have been.
func (r *Registration) OfferOver(now time.Time) bool {
	return r.Status == RegistrationOffered && !now.Before(r.ConfirmBy.Add(ArrivalGrace))
}

// OfferExpired reports whether the registration was an offer that nobody answered.
func (r *Registration) OfferExpired() bool {
	return r.Status == RegistrationCancelled && r.CancelReason == CancelledByExpiry
}

// CheckOffer checks whether the actor may accept or decline the offer. done reports that the actor has already done so.
// Errors: ErrRegistrationGone, ErrForbidden (staff don't answer for others), ErrCompetitionCancelled, ErrOfferExpired,
// ErrNoOffer, ErrCaptainOnly.
func (r *Registration) CheckOffer(a Actor, c *Competition, accept bool, now time.Time) (done bool, err error) {
	answered := r.ConfirmBy != nil && (accept && r.Status != RegistrationOffered && r.Status.HoldsSeat() ||
		!accept && r.Status == RegistrationCancelled && r.CancelReason == CancelledBySelf)
	switch {
	case r.UserID != a.UserID && !c.ManagedBy(a):
		return false, ErrRegistrationGone
	case r.UserID != a.UserID:
		return false, ErrForbidden
	case r.Follows:
		return false, ErrCaptainOnly
	case answered:
		return true, nil
	case c.Status == StatusCancelled:
		return false, ErrCompetitionCancelled
	case r.OfferOpen(now):
		return false, nil
	case r.Status == RegistrationOffered, r.OfferExpired():
		return false, ErrOfferExpired
	}
	return false, ErrNoOffer
}
