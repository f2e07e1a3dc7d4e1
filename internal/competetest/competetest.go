// Package competetest creates services of compete for tests of their callers, without a database.
//
// It contains stand-ins for dependencies that such tests don't need.
package competetest

import (
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// Parts are the dependencies that a test provides. Using a missing one panics.
type Parts struct {
	Clock         func() time.Time // nil means time.Now
	Competitions  compete.CompetitionStore
	Registrations compete.RegistrationStore
	Registrar     compete.Registrar
	Teams         compete.TeamStore
}

// Services creates the services that only need these parts, for requests by visitors and by people whose role requires
// no second factor.
func Services(p Parts) compete.Services {
	if p.Clock == nil {
		p.Clock = time.Now
	}
	if p.Competitions == nil {
		p.Competitions = struct{ compete.CompetitionStore }{}
	}
	if p.Registrations == nil {
		p.Registrations = struct{ compete.RegistrationStore }{}
	}
	if p.Registrar == nil {
		p.Registrar = struct{ compete.Registrar }{}
	}
	if p.Teams == nil {
		p.Teams = struct{ compete.TeamStore }{}
	}
	var ids atomic.Int64
	runtime := compete.Runtime{
		Clock: p.Clock, NewID: func() string { return strconv.FormatInt(ids.Add(1), 10) },
		Log: slog.New(slog.DiscardHandler),
	}
	users, throttle := struct{ compete.UserStore }{}, &compete.Throttle{}
	passwords, wording := struct{ compete.PasswordHasher }{}, struct{ compete.AccountWording }{}
	s := compete.Services{Verification: compete.NewVerification(users, false, false)}
	s.Competitions = compete.NewCompetitions(compete.CompetitionsConfig{
		Runtime: runtime, Store: p.Competitions, Users: users, Registrar: p.Registrar,
		Covers:     struct{ compete.CoverStore }{},
		CoverMaker: struct{ compete.CoverMaker }{}, Verification: s.Verification, Throttle: throttle,
		Sealer: struct{ compete.Sealer }{},
	})
	s.SecondFactors = compete.NewSecondFactors(compete.SecondFactorsConfig{
		Runtime: runtime, Store: struct{ compete.FactorStore }{}, Users: users, Sealer: struct{ compete.Sealer }{},
		AppCodes: struct{ compete.AppCodes }{}, Wording: wording, Throttle: throttle,
	})
	s.Logins = compete.NewLogins(compete.LoginsConfig{
		Runtime: runtime, Store: struct{ compete.LoginStore }{}, Users: users, Passwords: passwords,
		Factors: s.SecondFactors,
		Sealer:  struct{ compete.Sealer }{}, Audit: struct{ compete.AuditStore }{}, Wording: wording,
		Throttle: throttle,
	})
	s.Accounts = compete.NewAccounts(compete.AccountsConfig{
		Runtime: runtime, Users: users, Passwords: passwords, Logins: s.Logins, Site: struct{ compete.SiteStore }{},
		Links: struct{ compete.LinkStore }{}, LinkKeys: struct{ compete.LinkKeys }{}, Wording: wording,
		Throttle: throttle,
	})
	s.Teams = compete.NewTeams(compete.TeamsConfig{
		Runtime: runtime, Store: p.Teams, Registrar: p.Registrar, Competitions: s.Competitions,
		Throttle: throttle, Sealer: struct{ compete.Sealer }{}, Registrations: p.Registrations, Users: users,
		Wording: wording,
	})
	s.Registrations = compete.NewRegistrations(compete.RegistrationsConfig{
		Runtime: runtime, Store: p.Registrations, Statistics: struct{ compete.StatisticsStore }{},
		Registrar:    p.Registrar,
		Competitions: s.Competitions, Accounts: s.Accounts, Sealer: struct{ compete.Sealer }{},
		Verification: s.Verification, Throttle: throttle, Preparations: struct{ compete.PreparationStore }{},
		Teams: s.Teams,
	})
	return s
}
