package compete_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
)

// hangingUsers is a database that doesn't answer until the caller gives up.
type hangingUsers struct{ compete.UserStore }

func (hangingUsers) User(ctx context.Context, _ string) (compete.User, error) {
	<-ctx.Done()
	return compete.User{}, compete.ErrDatabase
}

// Lookups before a registration's turn count towards its time limit too.
func TestAPressHasOnePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 3 * time.Second
		others := competetest.Services(competetest.Parts{})
		s := compete.NewRegistrations(compete.RegistrationsConfig{
			Runtime: compete.Runtime{
				Clock: time.Now, NewID: uuid.NewString, Log: slog.New(slog.DiscardHandler),
			},
			Store: struct{ compete.RegistrationStore }{}, Statistics: struct{ compete.StatisticsStore }{},
			Registrar: struct{ compete.Registrar }{}, Patience: patience,
			Preparations: struct{ compete.PreparationStore }{}, Teams: others.Teams,
			Competitions: others.Competitions, Accounts: others.Accounts, Throttle: &compete.Throttle{},
			Sealer:       struct{ compete.Sealer }{},
			Verification: compete.NewVerification(hangingUsers{}, true, true),
		})
		began := time.Now()
		who := compete.Actor{UserID: uuid.NewString(), Role: compete.RoleParticipant}
		_, err := s.Register(t.Context(), who, uuid.NewString(), compete.Entry{}, compete.Idempotency{})
		if took := time.Since(began); !errors.Is(err, compete.ErrDatabase) || took != patience {
			t.Errorf("got %v after %v, want %v after %v", err, took, compete.ErrDatabase, patience)
		}

		ctx := compete.WithClient(t.Context(), compete.Client{Arrived: time.Now().Add(-time.Second)})
		began = time.Now()
		_, err = s.Register(ctx, who, uuid.NewString(), compete.Entry{}, compete.Idempotency{})
		if took := time.Since(began); !errors.Is(err, compete.ErrDatabase) || took != patience-time.Second {
			t.Errorf("a second after it arrived: got %v after %v, want %v after %v", err, took, compete.ErrDatabase,
				patience-time.Second)
		}
	})
}
