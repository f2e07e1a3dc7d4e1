package registrar

import (
	"maps"

	"github.com/minicompete/minicompete/internal/compete"
)

// handAnswers moves the answers to questions to the team, which are with the captain's.
func (b *batch) handAnswers(c *competition, from, to *compete.Registration) error {
	own := c.QuestionsFor(false)
	if len(own) == len(c.Questions) {
		return nil
	}
	given, err := b.answersOf(from.ID)
	if err != nil {
		return err
	}
	kept, err := b.answersOf(to.ID)
	if err != nil {
		return err
	}
	left, taken := compete.Answers{}, compete.Answers{}
	maps.Copy(taken, kept)
	for id, answer := range given {
		if own.Find(id) == nil && c.Questions.Find(id) != nil {
			taken[id] = answer
		} else {
			left[id] = answer
		}
	}
	for registrationID, answers := range map[string]compete.Answers{from.ID: left, to.ID: taken} {
		text, err := answers.Encode()
		if err != nil {
			return err
		}
		b.answer(b.byID[registrationID], text)
	}
	return nil
}

// dropTeamAnswers removes the answers that a former captain gave for the team, so that they don't become another one's.
func (b *batch) dropTeamAnswers(c *competition, r *compete.Registration) error {
	own := c.QuestionsFor(false)
	if len(own) == len(c.Questions) {
		return nil
	}
	answers, err := b.answersOf(r.ID)
	if err != nil {
		return err
	}
	left := compete.Answers{}
	for id, answer := range answers {
		if own.Find(id) != nil || c.Questions.Find(id) == nil {
			left[id] = answer
		}
	}
	if len(left) == len(answers) {
		return nil
	}
	text, err := left.Encode()
	if err == nil {
		b.answer(r, text)
	}
	return err
}
