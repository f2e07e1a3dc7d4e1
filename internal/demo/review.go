package demo

import (
	"context"

	"github.com/minicompete/minicompete/internal/compete"
)

var reviewNotes = []string{"Has built something like this before.", "", "", "First hackathon, and very motivated."}

// review scores two thirds of the applications. The decisions about some of them were released two days ago, and the
// first of those who were admitted has accepted. Others have drafts.
func (s *seeder) review(ctx context.Context, organizer compete.Actor, competitionID string) error {
	found, err := s.Applications.List(ctx, organizer, competitionID, "",
		compete.ApplicationFilter{Limit: compete.MaxPageSize})
	if err != nil {
		return err
	}
	var wave, drafts []compete.DecisionItem
	for i := range found.Items {
		if i%3 == 2 {
			continue
		}
		a, score := &found.Items[i], compete.MinScore+i*7%compete.MaxScore
		if _, err := s.Applications.Review(ctx, organizer, a.ID, score, reviewNotes[i%len(reviewNotes)]); err != nil {
			return err
		}
		item := compete.DecisionItem{RegistrationID: a.ID, Decision: compete.DecisionWaitlist}
		if score > 3 {
			item.Decision = compete.DecisionAdmit
		} else if score < 2 {
			item.Decision = compete.DecisionReject
		}
		switch {
		case i < len(found.Items)/2 && !a.Looking:
			wave = append(wave, item)
		case i < len(found.Items)*5/6:
			drafts = append(drafts, item)
		}
	}
	if err := s.release(ctx, organizer, competitionID, wave); err != nil {
		return err
	}
	s.at(s.now)
	_, err = s.Applications.Decide(ctx, organizer, competitionID, drafts)
	return err
}

// release releases decisions, unless some were released before.
func (s *seeder) release(
	ctx context.Context, organizer compete.Actor, competitionID string, items []compete.DecisionItem,
) error {
	state, err := s.Applications.State(ctx, organizer, competitionID)
	if err != nil || state.Release != nil {
		return err
	}
	s.at(s.now.Add(-2 * day))
	if _, err := s.Applications.Decide(ctx, organizer, competitionID, items); err != nil {
		return err
	}
	if _, err := s.Applications.Release(ctx, organizer, competitionID); err != nil {
		return err
	}
	for more := true; more; { // the app's workers do the same, so it doesn't matter who is first
		if more, err = s.Registrar.Release(ctx, competitionID); err != nil {
			return err
		}
	}
	s.at(s.now.Add(-day))
	offered, err := s.Registrations.List(ctx, organizer, competitionID, "",
		compete.RegistrationFilter{Status: compete.RegistrationOffered, Limit: 1})
	if err != nil || len(offered.Items) == 0 {
		return err
	}
	r := &offered.Items[0]
	_, err = s.Registrations.AnswerOffer(ctx,
		compete.Actor{UserID: r.UserID, Role: compete.RoleParticipant}, r.ID, true)
	return err
}
