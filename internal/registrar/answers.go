package registrar

import (
	"maps"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// ahead is what somebody filled in ahead, with the team that it chooses.
type ahead struct {
	compete.PreparedEntry
	team compete.TeamChoice
}

// emptyHanded returns the places of presses that bring nothing, of those competitions for which asks holds.
func (b *batch) emptyHanded(asks func(competitionID string) bool) (places []compete.Place) {
	for _, c := range b.commands {
		if press, ok := c.decider.(*register); ok && press.Entry.IsZero() && asks(press.CompetitionID) {
			places = append(places, press.place())
		}
	}
	return places
}

// readPrepared reads what was filled in ahead, for presses that bring nothing although the competition asks for
// something. That of competitions which asked in the batch before has been read already.
func (b *batch) readPrepared(read map[compete.Place]compete.PreparedEntry) error {
	b.addPrepared(read)
	places := b.emptyHanded(func(id string) bool {
		competition := b.competitions[id]
		return competition != nil && competition.TakesEntries() && !b.asked[id]
	})
	if len(places) == 0 {
		return nil
	}
	read, err := b.tx.Prepared(b.ctx, places)
	b.addPrepared(read)
	return err
}

func (b *batch) addPrepared(read map[compete.Place]compete.PreparedEntry) {
	if b.prepared == nil && len(read) > 0 {
		b.prepared = make(map[compete.Place]ahead, len(read))
	}
	for place, entry := range read {
		if c := b.competitions[place.CompetitionID]; c != nil && c.TakesEntries() && !entry.Over(b.places[place]) {
			b.prepared[place] = ahead{entry, entry.Team(b.sealer)}
		}
	}
}

// asking returns the competitions that ask for something; nil if there are none.
func (b *batch) asking() (ids map[string]bool) {
	for id, c := range b.competitions {
		if c.TakesEntries() {
			if ids == nil {
				ids = map[string]bool{}
			}
			ids[id] = true
		}
	}
	return ids
}

// entry returns what the actor filled in, with the press or ahead. Good answers are in the form to store.
func (b *batch) entry(c *register, competition *competition) (entry compete.Entry, err error) {
	entry = c.Entry
	if !competition.TakesEntries() {
		return entry, nil
	}
	if prepared, ok := b.prepared[c.place()]; ok && entry.IsZero() { // another press in this batch may bring nothing
		if competition.asked == "" {
			competition.asked = competition.Questions.Digest()
		}
		entry, err = prepared.Entry(competition.Questions, competition.asked, prepared.team)
		if err != nil || entry.Taken != "" {
			return entry, err
		}
	}
	if len(competition.Questions) == 0 {
		return entry, nil
	}
	// What is wrong with the answers is said once registration is known to be open.
	if _, text, refusal := competition.TakeAnswers(entry.Team.Name != "", entry.Answers, nil); refusal == nil {
		entry.Taken = text
	}
	return entry, nil
}

// added returns the entry of somebody whom staff add, which was checked.
func (b *batch) added(e compete.Entry, c *competition) compete.Entry {
	e.Taken, _ = compete.Answers(nil).Encode()
	if _, text, refusal := c.TakeAnswers(e.Team.Name != "", e.Answers, nil); refusal == nil {
		e.Taken = text
	}
	return e
}

// enter stores the answers of somebody who registered with an entry that Admit has checked.
func (b *batch) enter(competition *competition, r *compete.Registration, entry compete.Entry) {
	delete(b.prepared, compete.Place{UserID: r.UserID, CompetitionID: r.CompetitionID}) // counts for one press
	if len(competition.Questions) > 0 {
		b.answer(r, entry.Taken)
	}
}

func (b *batch) answer(r *compete.Registration, answers string) {
	if b.answered == nil {
		b.answered = make(map[string]string, len(b.commands))
	}
	b.answered[r.ID] = answers
}

// lasting returns the new answers to write: without sensitive ones where those aren't kept any more, since nobody would
// delete them.
func (b *batch) lasting(now time.Time) (map[string]string, error) {
	over := map[string]compete.Questions{}
	for id, c := range b.competitions {
		if len(c.Questions) > 0 && c.SensitiveOver(now) {
			over[id] = c.Questions
		}
	}
	if len(over) == 0 {
		return b.answered, nil
	}
	for id, text := range b.answered {
		questions, ok := over[b.byID[id].CompetitionID]
		if !ok {
			continue
		}
		answers, err := compete.DecodeAnswers(text)
		if err != nil {
			return nil, err
		}
		if b.answered[id], err = questions.Lasting(answers).Encode(); err != nil {
			return nil, err
		}
	}
	return b.answered, nil
}

// answersOf returns the answers of a registration, also those of this batch.
func (b *batch) answersOf(registrationID string) (compete.Answers, error) {
	if text, ok := b.answered[registrationID]; ok {
		return compete.DecodeAnswers(text)
	}
	return b.tx.Answers(b.ctx, registrationID)
}

type edit struct{ compete.EditCommand }

func (c *edit) name() string { return "edit" }

func (c *edit) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *edit) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	competition := b.competitions[r.CompetitionID]
	edited, refusal, err := c.plan(b, competition, r, now)
	if refusal == nil && err == nil {
		err = b.applyEdit(competition, r, edited, now)
	}
	return result{
		outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()},
		answers: edited.All,
	}, refusal, err
}

// plan returns the answers as they would be, and changes nothing yet.
func (c *edit) plan(
	b *batch, competition *competition, r *compete.Registration, now time.Time,
) (edited compete.EditedAnswers, refusal, err error) {
	if refusal := r.CheckEdit(c.Actor, &competition.Competition, now); refusal != nil {
		return edited, refusal, nil
	}
	kept, err := b.answersOf(r.ID)
	if err != nil {
		return edited, nil, err
	}
	one, err := b.teamOf(r)
	if err != nil {
		return edited, nil, err
	}
	captain := one != nil && one.CaptainID == r.UserID
	edited, refusal = competition.EditAnswers(captain, c.Answers, kept, now)
	return edited, refusal, nil
}

func (b *batch) applyEdit(
	c *competition, r *compete.Registration, edited compete.EditedAnswers, now time.Time,
) error {
	if len(edited.Changed) == 0 {
		return nil
	}
	text, err := edited.All.Encode()
	if err != nil {
		return err
	}
	b.answer(r, text)
	c.dirty = true // nothing is written otherwise
	b.recordChange(compete.AuditAnswered, "", r, "", compete.AuditFields("questions", edited.Changed), now)
	return nil
}

// mostAnswers is how many registrations' answers a change of questions reads while others wait. They take up to 32 kB
// each.
const mostAnswers = 1000

// keepKinds refuses a change of the kind of a question that has answers, or may have. Those that are known to have none
// aren't looked for.
func (b *batch) keepKinds(
	before *competition, after *compete.Competition, unanswered compete.Unanswered,
) (refusal, err error) {
	changed := after.Questions.Rekinded(before.Questions)
	if unanswered.Version == before.Version {
		changed = slices.DeleteFunc(changed, func(q compete.Rekinded) bool {
			return q.IsNew && slices.Contains(unanswered.IDs, q.ID)
		})
	}
	if len(changed) == 0 {
		return nil, nil
	}
	answered, all, err := b.tx.Answered(b.ctx, before.ID, compete.RekindedIDs(changed), mostAnswers)
	if err != nil {
		return nil, err
	}
	for id := range b.answered { // those of this batch aren't in the database yet
		if b.byID[id].CompetitionID != before.ID {
			continue
		}
		answers, err := b.answersOf(id)
		if err != nil {
			return nil, err
		}
		answered = slices.AppendSeq(answered, maps.Keys(answers))
	}
	switch refusal := compete.KeepKinds(changed, answered); {
	case refusal != nil || all:
		return refusal, nil
	case slices.ContainsFunc(changed, func(q compete.Rekinded) bool { return q.IsNew }):
		return compete.ErrBusy, nil
	}
	return compete.KeepUnsureKinds(changed), nil
}
