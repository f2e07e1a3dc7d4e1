package registrar

import (
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
		if c := b.competitions[place.CompetitionID]; c != nil && c.TakesEntries() {
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
	if prepared, ok := b.prepared[c.place()]; ok {
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
	asks := competition.QuestionsFor(entry.Team.Name != "")
	if text, refusal := asks.TakeText(entry.Answers, nil); refusal == nil {
		entry.Taken = text
	}
	return entry, nil
}

// added returns the entry of somebody whom staff add, which was checked.
func (b *batch) added(e compete.Entry, c *competition) compete.Entry {
	e.Taken, _ = compete.Answers(nil).Encode()
	if text, refusal := c.QuestionsFor(e.Team.Name != "").TakeText(e.Answers, nil); refusal == nil {
		e.Taken = text
	}
	return e
}

// enter stores the answers of somebody who registered with an entry that Admit has checked.
func (b *batch) enter(c *register, competition *competition, r *compete.Registration, entry compete.Entry) {
	asks := len(competition.Questions) > 0
	if _, prepared := b.prepared[c.place()]; prepared || asks {
		b.entered = append(b.entered, c.place())
	}
	if asks {
		b.answer(r, entry.Taken)
	}
}

func (b *batch) answer(r *compete.Registration, answers string) {
	if b.answered == nil {
		b.answered = make(map[string]string, len(b.commands))
	}
	b.answered[r.ID] = answers
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
	if refusal := r.CheckEdit(c.Actor, &competition.Competition, now); refusal != nil {
		return result{}, refusal, nil
	}
	kept, err := b.answersOf(r.ID)
	if err != nil {
		return result{}, nil, err
	}
	one, err := b.teamOf(r)
	if err != nil {
		return result{}, nil, err
	}
	captain := one != nil && one.CaptainID == r.UserID
	answers, refusal := competition.QuestionsFor(captain).Take(c.Answers, kept)
	if refusal != nil {
		return result{}, refusal, nil
	}
	text, err := answers.Encode()
	if err != nil {
		return result{}, nil, err
	}
	b.answer(r, text)
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
	for id := range b.answered {
		if b.byID[id].CompetitionID != competitionID {
			continue
		}
		if answers, err := b.answersOf(id); err != nil || answers[questionID] != nil {
			return err == nil, err
		}
	}
	return b.tx.Answered(b.ctx, competitionID, questionID)
}
