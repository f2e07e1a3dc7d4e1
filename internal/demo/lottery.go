package demo

import (
	"context"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
)

// A genuine round of quicknet, so that anyone can check the lottery that it decided. The draw needs no network.
const (
	recordedRound     = 657413
	recordedSignature = "b713718a38ae728dfd477991af2822e08d2f305e47718cef" +
		"9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
)

// Beacon knows the recorded round only.
type Beacon struct{}

// Round implements draw.Beacon.
func (Beacon) Round(_ context.Context, round uint64) (draw.Randomness, error) {
	if round != recordedRound {
		return draw.Randomness{}, draw.ErrNotYet
	}
	return draw.Randomness{Signature: recordedSignature}, nil
}

// pastLottery is one that is over, with its draw. It took place when the recorded round was published.
func (s *seeder) pastLottery(ctx context.Context) error {
	round := draw.RoundTime(recordedRound)
	frozen := round.Add(-compete.DrawNotice - time.Second) // so that this round decides
	deadline := frozen.Add(-compete.ArrivalGrace).Truncate(time.Minute)
	starts := time.Date(2023, 10, 7, 7, 0, 0, 0, time.UTC)
	s.at(deadline.Add(-20 * day))
	c, _, err := s.Competitions.Create(ctx, s.organizers[1], compete.NewCompetition{
		CompetitionContent: compete.CompetitionContent{
			Title: "Ridge Ultra 2023", Location: "Cable car station, Kranjska Gora", TimeZone: "Europe/Ljubljana",
			Tags: []string{"running", "outdoor"}, Capacity: 8, Waitlist: true, Admission: compete.AdmissionLottery,
			RegDeadline: deadline, StartDate: &starts,
		},
		Description: "52 km along the border ridge. Only eight runners a day may cross the reserve, so **a public " +
			"draw decided**.\n\nThe list, the randomness and the order are still here: open the draw, download its " +
			"file and check it with `minicompete verify draw`.",
	}, compete.Idempotency{Key: "demo-past-lottery", RequestHash: "Ridge Ultra 2023"})
	if err != nil {
		return err
	}
	for i, actor := range s.crowd[:24] {
		s.at(deadline.Add(time.Duration(i-24) * 17 * time.Hour))
		if err := s.registration(ctx, actor, c.ID, compete.Entry{}, false); err != nil {
			return err
		}
	}
	s.at(frozen)
	if _, err := s.Draws.Advance(ctx); err != nil {
		return err
	}
	s.at(round.Add(2 * time.Second))
	ready, err := s.Draws.Advance(ctx)
	if err != nil {
		return err
	}
	for more := slices.Contains(ready, c.ID); more; {
		if more, err = s.Registrar.Draw(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}
