package app

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/cover"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/drand"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/factor"
	"github.com/minicompete/minicompete/internal/limit"
	"github.com/minicompete/minicompete/internal/registrar"
)

// Wrap lets tests replace dependencies of the domain.
type Wrap struct {
	Passwords    func(compete.PasswordHasher) compete.PasswordHasher
	Competitions func(compete.CompetitionStore) compete.CompetitionStore
	Beacon       func(draw.Beacon) draw.Beacon
}

func wrapped[T any](part T, wrap func(T) T) T {
	if wrap == nil {
		return part
	}
	return wrap(part)
}

// parts are dependencies shared by several services.
type parts struct {
	compete.Runtime
	users        compete.UserStore
	competitions compete.CompetitionStore
	covers       compete.CoverMaker
	passwords    compete.PasswordHasher
	rules        compete.PasswordRules
	replays      compete.ReplayCache
	throttle     *compete.Throttle
	verification *compete.Verification
}

// wireServices creates the services of the domain.
func (a *App) wireServices(ctx context.Context) error {
	c := &a.config
	p := parts{
		Runtime: compete.Runtime{Clock: c.Clock, NewID: newID, Log: a.log}, users: a.auth.Users(a.store),
		throttle:     a.throttle(),
		competitions: wrapped[compete.CompetitionStore](a.store, c.Wrap.Competitions),
		passwords:    wrapped[compete.PasswordHasher](a.passwords, c.Wrap.Passwords),
		covers:       cover.NewMaker(),
		rules:        compete.PasswordRules{Any: c.anyPassword(), SiteName: a.siteName},
	}
	p.verification = compete.NewVerification(p.users, c.VerifiedEmailRequired(), c.SMTPURL != "")
	if a.replays != nil {
		p.replays = a.replays
	}
	s := &a.services
	s.Verification = p.verification
	if err := a.wireLogins(p); err != nil {
		return err
	}
	a.wireAccounts(p)
	s.Competitions, s.Registrations, s.Teams = a.seats(p, a.registrar)
	s.Applications = a.applications(p, s.Competitions)
	s.Draws = compete.NewDraws(compete.DrawsConfig{
		Runtime: p.Runtime, Store: a.store, Users: p.users, Competitions: s.Competitions,
		Wording: a.mails.composer, Beacon: a.beacon(),
	})
	s.Mailbox = compete.NewMailbox(compete.MailboxConfig{Runtime: p.Runtime, Store: a.store, Statistics: a.store})
	s.Reports = compete.NewReports(compete.ReportsConfig{
		Runtime: p.Runtime, Store: a.store,
		Competitions: s.Competitions, Throttle: p.throttle,
	})
	s.AuditLog = compete.NewAuditLog(compete.AuditLogConfig{
		Runtime: p.Runtime, Store: a.store, Users: p.users, Competitions: s.Competitions, Registrations: a.store,
	})
	s.FailedJobs = compete.NewFailedJobs(compete.FailedJobsConfig{Runtime: p.Runtime, Store: a.store})
	s.Takeout = compete.NewTakeout(compete.TakeoutConfig{
		Runtime: p.Runtime, Personal: a.store, Users: p.users, Factors: a.store, Registrations: a.store,
		Mailbox:      a.store,
		Competitions: p.competitions, Audit: a.store,
	})
	a.operator = compete.NewOperator(compete.OperatorConfig{
		Runtime: p.Runtime, Users: p.users, Passwords: p.passwords, Rules: p.rules, Links: a.store, Factors: a.store,
		Wording: a.mails.composer,
	})
	a.parts = p
	return a.sealAnew(ctx)
}

// relayTimeout is how long one relay of drand may take.
const relayTimeout = 5 * time.Second

func (a *App) beacon() draw.Beacon {
	relays := drand.Client{Relays: a.config.DrandRelays, HTTP: &http.Client{Timeout: relayTimeout}}
	return wrapped[draw.Beacon](relays, a.config.Wrap.Beacon)
}

// seats creates the services that assign and free seats, using a registrar.
func (a *App) seats(
	p parts, seats compete.Registrar,
) (*compete.Competitions, *compete.Registrations, *compete.Teams) {
	competitions := compete.NewCompetitions(compete.CompetitionsConfig{
		Runtime: p.Runtime, Store: p.competitions, Users: p.users, Registrar: seats, Covers: a.store,
		CoverMaker:   p.covers,
		Verification: p.verification, Throttle: p.throttle, Replays: p.replays, Sealer: a.sealer,
	})
	teams := compete.NewTeams(compete.TeamsConfig{
		Runtime: p.Runtime, Store: a.store, Registrar: seats, Competitions: competitions, Throttle: p.throttle,
		Sealer: a.sealer, Registrations: a.store, Users: p.users, Wording: a.mails.composer,
	})
	return competitions, compete.NewRegistrations(compete.RegistrationsConfig{
		Runtime: p.Runtime, Store: a.store, Statistics: a.store, Registrar: seats, Competitions: competitions,
		Preparations: a.store, Teams: teams,
		Accounts: a.services.Accounts, Sealer: a.sealer,
		Verification: p.verification, Throttle: p.throttle, Replays: p.replays,
		Patience: registrar.Patience(a.config.QueueTimeout),
	}), teams
}

func (a *App) applications(p parts, competitions *compete.Competitions) *compete.Applications {
	return compete.NewApplications(compete.ApplicationsConfig{
		Runtime: p.Runtime, Store: a.store, Registrations: a.store, Users: p.users, Competitions: competitions,
		Compose: a.mails.composer.Compose, Wording: a.mails.composer,
	})
}

// wireLogins creates the services for logging in.
func (a *App) wireLogins(p parts) error {
	c := compete.SecondFactorsConfig{
		Runtime: p.Runtime, Store: a.store, Users: p.users, Sealer: a.sealer,
		AppCodes: factor.Apps{SiteName: a.siteName}, Wording: a.mails.composer, Throttle: p.throttle,
	}
	if passkeys, err := factor.NewPasskeys(a.config.Origin(), a.sealer, a.siteName); err == nil {
		c.Passkeys = passkeys
	} else {
		a.log.Info("this site can't have passkeys, which need a domain", "error", err)
	}
	for _, role := range a.config.RequireMFA {
		c.Roles = append(c.Roles, compete.Role(strings.ToUpper(role)))
	}
	a.services.SecondFactors = compete.NewSecondFactors(c)
	a.services.Logins = compete.NewLogins(compete.LoginsConfig{
		Runtime: p.Runtime, Store: a.auth.Logins(a.store), Users: p.users, Passwords: p.passwords,
		Factors: a.services.SecondFactors,
		Sealer:  a.sealer, Audit: a.store, Wording: a.mails.composer, Throttle: p.throttle, LocalOnly: demo.Invented,
	})
	return nil
}

// sealAnew reseals stored secrets with the current key while there are two.
func (a *App) sealAnew(ctx context.Context) error {
	if a.config.JWTSecretPrevious == "" {
		return nil
	}
	if err := a.services.SecondFactors.SealApps(ctx); err != nil {
		return err
	}
	return a.services.Competitions.SealCodes(ctx)
}

// wireAccounts creates the services for accounts and the site. Without a mail server, only a demo shows links, on a
// page of its own.
func (a *App) wireAccounts(p parts) {
	s, sending := &a.services, a.config.SMTPURL != ""
	s.Accounts = compete.NewAccounts(compete.AccountsConfig{
		Runtime: p.Runtime, Users: p.users, Passwords: p.passwords, Rules: p.rules, Logins: s.Logins,
		Site: a.store, Settings: a.site,
		Links: a.auth.Links(a.store), LinkKeys: a.mails.keys, Wording: a.mails.composer, Throttle: p.throttle,
		Mailing: sending || a.config.Demo, VerifyOnSignUp: sending,
	})
	s.Administration = compete.NewAdministration(compete.AdministrationConfig{
		Runtime: p.Runtime, Users: p.users, Logins: a.auth.Logins(a.store), Site: a.store, Wording: a.mails.composer,
	})
	installation := compete.InstallationConfig{
		Runtime: p.Runtime, Store: a.store, Settings: a.site, Users: p.users, Passwords: p.passwords,
		Rules: p.rules, Throttle: p.throttle,
	}
	erasure := compete.ErasureConfig{
		Runtime: p.Runtime, Store: a.auth.Erasures(a.store), Users: p.users, Factors: a.store, Registrar: a.registrar,
		Logins:   s.Logins,
		Throttle: p.throttle,
	}
	if a.replays != nil {
		erasure.Caches = []compete.Rememberer{a.replays}
	}
	if a.mails.smtp != nil {
		installation.SendTest, erasure.Farewell = a.mails.sendTest, a.farewell
	}
	s.Installation, s.Erasure = compete.NewInstallation(installation), compete.NewErasure(erasure)
}

func (a *App) siteName() string { return a.site.Site().Name }

// throttle limits what networks do, counting in Redis, if there is one, for all replicas together.
func (a *App) throttle() *compete.Throttle {
	c := &a.config
	t := &compete.Throttle{Limits: compete.Limits{
		SignUps: compete.Limit{Name: compete.LimitSignUps, Times: c.LimitSignUps, Window: time.Minute},
		LogIns:  compete.Limit{Name: compete.LimitLogIns, Times: c.LimitLogIns, Window: time.Minute},
		Links:   compete.Limit{Name: compete.LimitLinks, Times: c.LimitLinks, Window: time.Minute},
		Reports: compete.Limit{Name: compete.LimitReports, Times: c.LimitReports, Window: time.Hour},

		Competitions: compete.Limit{Name: compete.LimitCompetitions, Times: c.LimitCompetitions, Window: time.Hour},
		Additions:    compete.Limit{Name: compete.LimitAdditions, Times: c.LimitAdditions, Window: time.Hour},
		Notices:      compete.Limit{Name: compete.LimitNotices, Times: c.LimitNotices, Window: time.Hour},
		Invitations:  compete.Limit{Name: compete.LimitInvitations, Times: c.LimitInvitations, Window: time.Hour},

		Guesses: c.LimitGuesses, AccountGuesses: c.LimitAccountGuesses, AccessCodes: c.LimitAccessCodes,
	}}
	if a.metrics != nil {
		t.Observer = a.metrics
	}
	if a.redis != nil {
		shared := limit.NewRedis(a.redis, c.RedisTimeout, c.Clock, a.log)
		t.Limiter, t.Guesses = shared, shared
	} else {
		t.Limiter, t.Guesses = limit.NewMemory(c.Clock), limit.NewMemoryGuesses(c.Clock)
	}
	return t
}
