package compete

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// SetTickets gives people who have applied more than one ticket, all or none, for staff. Errors: Invalid, also for
// addresses without an application; those of Competitions.changeable and Competition.CheckDrawOpen.
func (s *Draws) SetTickets(ctx context.Context, a Actor, competitionID string, items []TicketItem) error {
	items, err := s.checkedTickets(ctx, a, competitionID, items, MaxTicketItems)
	if err != nil {
		return err
	}
	now := s.config.now()
	unknown, err := s.config.Store.SetTickets(ctx, competitionID, items, now, s.open(a, now))
	if err != nil {
		return err
	}
	return refuseUnapplied(items, unknown)
}

// SetTicketList is SetTickets for a list of up to MaxTicketList. It checks everything first, and saves it part by part,
// so that it holds up nobody who applies meanwhile. Whoever withdraws in between needs no tickets.
func (s *Draws) SetTicketList(ctx context.Context, a Actor, competitionID string, items []TicketItem) error {
	items, err := s.checkedTickets(ctx, a, competitionID, items, MaxTicketList)
	if err != nil {
		return err
	}
	var unknown []string
	for part := range slices.Chunk(items, MaxTicketItems) {
		emails := make([]string, len(part))
		for i := range part {
			emails[i] = part[i].Email
		}
		some, err := s.config.Store.Unapplied(ctx, competitionID, emails)
		if err != nil {
			return err
		}
		unknown = append(unknown, some...)
	}
	if err := refuseUnapplied(items, unknown); err != nil {
		return err
	}
	now := s.config.now()
	for part := range slices.Chunk(items, MaxTicketItems) {
		for part = slices.Clone(part); len(part) > 0; {
			withdrawn, err := s.config.Store.SetTickets(ctx, competitionID, part, now, s.open(a, s.config.now()))
			if err != nil {
				return err
			}
			if len(withdrawn) == 0 {
				break
			}
			part = slices.DeleteFunc(part, func(t TicketItem) bool { return slices.Contains(withdrawn, t.Email) })
		}
	}
	return nil
}

// checkedTickets returns the items with addresses in their stored form, for those who may set them.
func (s *Draws) checkedTickets(ctx context.Context, a Actor, competitionID string, items []TicketItem, most int) (
	[]TicketItem, error,
) {
	if _, err := s.config.Competitions.changeable(ctx, a, competitionID); err != nil {
		return nil, err
	}
	if err := checkTickets(items, most); err != nil {
		return nil, err
	}
	items = slices.Clone(items)
	for i := range items {
		items[i].Email = NormalizeEmail(items[i].Email)
	}
	return items, nil
}

// refuseUnapplied reports the items whose addresses have no application.
func refuseUnapplied(items []TicketItem, unknown []string) error {
	var v validation
	isUnknown := make(map[string]bool, len(unknown))
	for _, email := range unknown {
		isUnknown[email] = true
	}
	for i := range items {
		if isUnknown[items[i].Email] {
			v.add(fmt.Sprintf("items[%d].email", i), "hasn't applied")
		}
	}
	return v.err()
}

// Tickets lists everybody who has applied, in order of arrival, with the tickets they have, for staff until the list is
// frozen. Errors: Invalid, those of Competitions.Managed and Competition.CheckDrawOpen.
func (s *Draws) Tickets(ctx context.Context, a Actor, competitionID, cursor string, limit int) (
	Page[TicketHolder], error,
) {
	at, limit, err := s.listingTickets(ctx, a, competitionID, cursor, limit)
	if err != nil {
		return Page[TicketHolder]{}, err
	}
	return s.config.Store.Tickets(ctx, competitionID, at, limit)
}

// EveryTicket reads everything that Tickets lists, part by part, as Registrations.Every does.
func (s *Draws) EveryTicket(ctx context.Context, a Actor, competitionID, cursor string) (
	iter.Seq2[[]TicketHolder, error], error,
) {
	at, _, err := s.listingTickets(ctx, a, competitionID, cursor, 0)
	if err != nil {
		return nil, err
	}
	return readPagesFrom(at, func(at Cursor) (Page[TicketHolder], error) {
		return s.config.Store.Tickets(ctx, competitionID, at, exportSize)
	})
}

func (s *Draws) listingTickets(ctx context.Context, a Actor, competitionID, cursor string, limit int) (
	Cursor, int, error,
) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return Cursor{}, 0, err
	}
	at, limit, err := listing(validation{}, TicketList, cursor, limit)
	if err == nil {
		err = c.CheckDrawOpen(s.config.now())
	}
	return at, limit, err
}

// TicketList is the value of Cursor.List for a list of tickets.
const TicketList = "tickets"
