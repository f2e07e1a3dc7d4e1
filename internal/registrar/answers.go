package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// readPrepared reads what was filled in ahead, for presses that bring nothing although the competition asks for
// something. For all others, nothing is read.
func (b *batch) readPrepared() (err error) {
	var places []compete.Place
	for _, c := range b.commands {
		press, ok := c.decider.(*register)
		if !ok || !press.Entry.IsZero() {
			continue
		}
		if competition := b.competitions[press.CompetitionID]; competition != nil && competition.TakesEntries() {
			places = append(places, press.place())
		}
	}
	if len(places) > 0 {
		b.prepared, err = b.tx.Prepared(b.ctx, places)
	}
	return err
}

// entry returns what the actor filled in, with the press or ahead. Of what was filled in ahead, answers to questions
// that were removed since then are left out.
func (b *batch) entry(c *register, competition *competition) compete.Entry {
	if prepared, ok := b.prepared[c.place()]; ok && c.Entry.IsZero() {
		prepared.Answers = competition.Questions.Known(prepared.Answers)
		return prepared
	}
	return c.Entry
}

// enter stores the answers of somebody who registered, which Admit has checked.
func (b *batch) enter(c *register, competition *competition, r *compete.Registration) {
	if !competition.TakesEntries() {
		return
	}
	b.entered = append(b.entered, c.place())
	if answers, err := competition.Questions.Take(b.entry(c, competition).Answers, nil); err == nil {
		b.answer(r, answers)
	}
}

func (b *batch) answer(r *compete.Registration, answers compete.Answers) {
	if b.answered == nil {
		b.answered = make(map[string]compete.Answers, len(b.commands))
	}
	b.answered[r.ID] = answers
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
	if refusal := r.CheckEdit(c.Actor, &competition.Competition, now); refusal != nil {
		return result{}, refusal, nil
	}
	kept, ok := b.answered[r.ID]
	if !ok {
		var err error
		if kept, err = b.tx.Answers(b.ctx, r.ID); err != nil {
			return result{}, nil, err
		}
	}
	answers, refusal := competition.Questions.Take(c.Answers, kept)
	if refusal != nil {
		return result{}, refusal, nil
	}
	b.answer(r, answers)
	competition.dirty = true // nothing is written otherwise
	b.recordChange(compete.AuditAnswered, "", r, "", compete.AuditFields("questions", len(c.Answers)), now)
	return result{
		outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}, answers: answers,
	}, nil, nil
}

// keepKinds refuses a change of the kind of a question that has answers.
func (b *batch) keepKinds(before *competition, after *compete.Competition) (refusal, err error) {
	var answered []compete.Rekinded
	for _, q := range after.Questions.Rekinded(before.Questions) {
		has, err := b.isAnswered(before.ID, q.ID)
		if err != nil {
			return nil, err
		}
		if has {
			answered = append(answered, q)
		}
	}
	return compete.KeepKinds(answered), nil
}

// isAnswered reports whether a question has answers, also among those of this batch.
func (b *batch) isAnswered(competitionID, questionID string) (bool, error) {
	for id, answers := range b.answered {
		if b.byID[id].CompetitionID == competitionID && answers[questionID] != nil {
			return true, nil
		}
	}
	return b.tx.Answered(b.ctx, competitionID, questionID)
}
