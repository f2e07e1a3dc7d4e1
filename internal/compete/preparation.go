package compete

import (
	"context"
	"errors"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// PreparationStore stores what participants filled in before registration opens.
type PreparationStore interface {
	// SavePreparation replaces what the user filled in for the competition. It fails with ErrUnauthorized if the
	// account doesn't exist.
	SavePreparation(ctx context.Context, p Place, e PreparedEntry) error
	// DeletePreparation deletes it; deleting nothing is fine.
	DeletePreparation(ctx context.Context, p Place, now time.Time) error
	// Preparation reads it. It fails with ErrPreparationMissing, also if it is over: see PreparedEntry.Over.
	Preparation(ctx context.Context, p Place) (PreparedEntry, error)
}

// PreparedEntry is an entry that was filled in ahead, as it is stored.
type PreparedEntry struct {
	DivisionID string // empty: none
	TeamName   string // of a new team; empty: none
	TeamCode   string // of one to join, sealed; empty: none
	Looking    bool   // for a team
	Answers    string // as Answers.Encode returns them
	Asked      string // Questions.Digest of those that the answers were checked against
	Access     string // Competition.AccessDigest of the access code that was typed; empty: none
	SavedAt    time.Time
}

// Over reports whether what was filled in no longer counts: its user has registered since, and the press used it or
// brought something else. A nil registration is none.
func (p *PreparedEntry) Over(r *Registration) bool {
	return r != nil && !r.RegisteredAt.Before(p.SavedAt)
}

// Entry returns what was filled in, with what Team returned, and without answers to questions that no longer exist. If
// the questions are still those of asked, their Digest, the answers have been checked, and stay as they are.
func (p *PreparedEntry) Entry(qs Questions, asked string, team TeamChoice) (Entry, error) {
	e := Entry{DivisionID: p.DivisionID, Team: team, LookingForTeam: p.Looking, Access: p.Access}
	if p.Asked == asked {
		e.Taken = p.Answers
		return e, nil
	}
	answers, err := DecodeAnswers(p.Answers)
	e.Answers = qs.Known(answers)
	return e, err
}

// Team returns the team that was chosen.
func (p *PreparedEntry) Team(sealer Sealer) TeamChoice {
	choice := TeamChoice{Name: p.TeamName}
	if p.TeamCode != "" {
		code, err := sealer.Open(preparedTeamCode, p.TeamCode)
		if err != nil {
			code = []byte("0") // sealed with a key that is gone: no team has it
		}
		choice.Code = TeamCode(code)
	}
	return choice
}

// preparedTeamCode is the purpose of a sealed code.
const preparedTeamCode = "prepared team code"

// SealTeamCode returns a code in the form in which PreparedEntry has it.
func SealTeamCode(code TeamCode, sealer Sealer) string {
	return sealer.Seal(preparedTeamCode, []byte(code))
}

// ErrPreparationMissing says that nothing was filled in ahead.
var ErrPreparationMissing = &Error{
	Kind: KindNotFound, Code: "preparation_not_found",
	Detail: "You haven't prepared anything for this competition.",
}

// Preparation is what a participant filled in ahead, so that their press needs nothing but its key.
type Preparation struct {
	Entry     Entry
	Team      string // the name of the chosen team; empty if there is none, or if Prepare returned this
	UpdatedAt time.Time
	// Problems are what would be refused if registration opened now, because the competition or the team changed since
	// then.
	Problems []FieldError
	// NeedsCode says that the press takes the access code besides: it wasn't typed ahead, or is another one by now.
	NeedsCode bool
}

// Ready reports whether a press would be accepted as far as the entry is concerned.
func (p *Preparation) Ready() bool { return len(p.Problems) == 0 }

// Prepare stores what the actor fills in for a competition, in place of what they filled in earlier. It can be done
// from publication until the deadline, unless they are registered. The press is checked again. Errors:
// ErrCompetitionMissing, ErrOwnCompetition, ErrBlocked, ErrEmailUnverified, ErrAlreadyRegistered,
// ErrRegistrationClosed, ErrCompetitionCancelled, ErrTeamMissing, ErrAccessCodeWrong, ErrTooManyGuesses, and those of
// Competition.CheckEntry. A team's name may still be taken by the time of the press. An access code that was typed
// counts at the press as long as it stays the same; without one, that of an earlier preparation does.
func (s *Registrations) Prepare(ctx context.Context, a Actor, competitionID string, e Entry) (Preparation, error) {
	c, err := s.preparable(ctx, a, competitionID)
	if err != nil {
		return Preparation{}, err
	}
	if err := s.config.Verification.requireFor(ctx, a, &c); err != nil {
		return Preparation{}, err
	}
	if err := e.Check(); err != nil {
		return Preparation{}, err
	}
	if err := c.CheckEntry(e); err != nil {
		return Preparation{}, err
	}
	e.Team.Name = normal.Line(e.Team.Name)
	prepared := PreparedEntry{
		DivisionID: e.DivisionID, TeamName: e.Team.Name, Looking: e.LookingForTeam, Asked: c.Questions.Digest(),
		SavedAt: s.config.now(),
	}
	if e.Team.Code != "" {
		if _, err := s.config.Teams.byCode(ctx, a, c.ID, e.Team.Code); err != nil {
			return Preparation{}, err
		}
		prepared.TeamCode = SealTeamCode(e.Team.Code, s.config.Sealer)
	}
	if prepared.Access, err = s.prepareAccess(ctx, a, &c, e.AccessCode); err != nil {
		return Preparation{}, err
	}
	if e.Answers, prepared.Answers, err = c.TakeAnswers(e.Team.Name != "", e.Answers, nil); err != nil {
		return Preparation{}, err
	}
	err = s.config.Preparations.SavePreparation(ctx, Place{UserID: a.UserID, CompetitionID: c.ID}, prepared)
	return Preparation{Entry: e, UpdatedAt: prepared.SavedAt, NeedsCode: c.NeedsCode && prepared.Access == ""}, err
}

// prepareAccess checks a typed access code, and returns its digest; without one, that of what was prepared before, if
// the code is still the same. Errors: ErrAccessCodeWrong, ErrTooManyGuesses.
func (s *Registrations) prepareAccess(
	ctx context.Context, a Actor, c *Competition, typed AccessCode,
) (digest string, err error) {
	if c.SealedCode == "" {
		return "", nil
	}
	digest = c.AccessDigest(s.config.Sealer)
	if typed.key() != "" {
		judge, err := s.config.Throttle.guessAccess(ctx, a, c.ID)
		if err != nil {
			return "", err
		}
		err = c.CheckAccess(typed, s.config.Sealer)
		judge(err)
		return digest, err
	}
	before, err := s.config.Preparations.Preparation(ctx, Place{UserID: a.UserID, CompetitionID: c.ID})
	if err != nil && !errors.Is(err, ErrPreparationMissing) {
		return "", err
	}
	if before.Access != digest {
		digest = ""
	}
	return digest, nil
}

// preparable returns a competition that the actor can prepare for.
func (s *Registrations) preparable(ctx context.Context, a Actor, competitionID string) (Competition, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Competition{}, err
	}
	c, err := s.config.Competitions.Get(ctx, a, competitionID)
	if err != nil {
		return Competition{}, err
	}
	held, err := s.registrationOf(ctx, a, competitionID)
	if err != nil {
		return Competition{}, err
	}
	if err := c.CheckRegistrant(a, held); err != nil {
		return Competition{}, err
	}
	if held != nil && held.Status != RegistrationCancelled {
		return Competition{}, ErrAlreadyRegistered
	}
	now := s.config.now()
	if phase := c.Phase(now); phase != PhaseUpcoming {
		return c, c.checkOpen(phase, now)
	}
	return c, nil
}

// registrationOf returns the actor's registration; nil if there never was one.
func (s *Registrations) registrationOf(ctx context.Context, a Actor, competitionID string) (*Registration, error) {
	r, err := s.config.Store.RegistrationOf(ctx, a.UserID, competitionID)
	if errors.Is(err, ErrRegistrationGone) {
		return nil, nil
	}
	return &r, err
}

// Prepared returns what the actor filled in ahead, with what would be refused of it now. Errors:
// ErrCompetitionMissing, ErrPreparationMissing.
func (s *Registrations) Prepared(ctx context.Context, a Actor, competitionID string) (Preparation, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Preparation{}, err
	}
	c, err := s.config.Competitions.Get(ctx, a, competitionID)
	if err != nil {
		return Preparation{}, err
	}
	prepared, err := s.config.Preparations.Preparation(ctx, Place{UserID: a.UserID, CompetitionID: c.ID})
	if err != nil {
		return Preparation{}, err
	}
	p := Preparation{
		UpdatedAt: prepared.SavedAt,
		NeedsCode: c.NeedsCode && (prepared.Access == "" || prepared.Access != c.AccessDigest(s.config.Sealer)),
	}
	if p.Entry, err = prepared.Entry(c.Questions, "", prepared.Team(s.config.Sealer)); err != nil {
		return Preparation{}, err
	}
	if err := c.CheckEntry(p.Entry); err != nil {
		p.Problems = AsError(err).Fields
	}
	if p.NeedsCode { // without it, nobody gets to know what teams there are
		return p, nil
	}
	team, problem, err := s.config.Teams.prepared(ctx, &c, p.Entry.Team)
	p.Team = team
	if problem.Field != "" {
		p.Problems = append(p.Problems, problem)
	}
	return p, err
}

// Unprepare deletes what the actor filled in ahead. It fails with ErrCompetitionMissing.
func (s *Registrations) Unprepare(ctx context.Context, a Actor, competitionID string) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	c, err := s.config.Competitions.Get(ctx, a, competitionID)
	if err != nil {
		return err
	}
	return s.config.Preparations.DeletePreparation(ctx, Place{UserID: a.UserID, CompetitionID: c.ID}, s.config.now())
}

// KeptPreparation is what somebody filled in ahead, in an export of their data.
type KeptPreparation struct {
	CompetitionID string
	Entry         Entry
	UpdatedAt     time.Time
}
