package compete

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// The limits of teams.
const (
	MaxTeamSize = 50 // members
	MaxTeamName = 80 // characters
)

// SeatUnit is what a seat of a competition with teams is for.
type SeatUnit string

// The units.
const (
	SeatPerPerson SeatUnit = "PERSON" // every member takes a seat
	SeatPerTeam   SeatUnit = "TEAM"   // the capacity counts teams; the captain's registration holds the seat
)

// TeamRules are the rules for the teams of a competition. This is the single declaration of its fields in the API.
type TeamRules struct {
	Min            int      `json:"min,omitempty" doc:"The fewest members that a team must have at the registration deadline." default:"1" minimum:"1" example:"2"`
	Max            int      `json:"max" doc:"The most members that a team can have." example:"4"`
	SeatUnit       SeatUnit `json:"seatUnit,omitempty" enum:"PERSON,TEAM" default:"PERSON" doc:"Whether every member takes a seat (PERSON), or every team (TEAM), which then waits and gets its seat as a whole. Can't be changed once people have registered." example:"PERSON"`
	DropIncomplete bool     `json:"dropIncomplete,omitempty" doc:"Whether teams with fewer than min members are cancelled at the registration deadline." default:"false" example:"true"`
}

// UnmarshalJSON sets Min to its default, if it's left out.
func (t *TeamRules) UnmarshalJSON(data []byte) error {
	type plain TeamRules
	rules := plain{Min: 1}
	err := json.Unmarshal(data, &rules)
	*t = TeamRules(rules)
	return err
}

// String describes the rules in a few words, for the audit log.
func (t *TeamRules) String() string {
	text := fmt.Sprintf("%d to %d members", t.Min, t.Max)
	if t.SeatUnit == SeatPerTeam {
		text += ", a seat per team"
	}
	if t.DropIncomplete {
		text += ", incomplete ones are dropped"
	}
	return text
}

// normalizeTeam fills in the defaults of a copy of the rules, since an earlier copy of the content may share them.
func (c *CompetitionContent) normalizeTeam() {
	if c.Team == nil {
		return
	}
	rules := *c.Team
	if rules.SeatUnit == "" {
		rules.SeatUnit = SeatPerPerson
	}
	c.Team = &rules
}

// SeatsPerTeam reports whether a seat is for a whole team.
func (c *CompetitionContent) SeatsPerTeam() bool {
	return c.Team != nil && c.Team.SeatUnit == SeatPerTeam
}

func (v *validation) team(c *CompetitionContent) {
	t := c.Team
	if t == nil {
		return
	}
	if t.Max < 1 || t.Max > MaxTeamSize {
		v.addf("team.max", "must be between 1 and %d", MaxTeamSize)
	}
	if t.Min < 1 {
		v.add("team.min", "must be at least 1")
	} else if t.Min > t.Max && t.Max >= 1 {
		v.add("team.min", "must be at most the largest size")
	}
	if t.SeatUnit != SeatPerPerson && t.SeatUnit != SeatPerTeam {
		v.add("team.seatUnit", "must be PERSON or TEAM")
	}
}

// TeamsFixed reports whether a change of the rules is only possible while nobody is registered: teams come or go, seats
// are counted in another way, or a team may be too large then.
func (c *CompetitionContent) TeamsFixed(before *CompetitionContent) bool {
	if c.Team == nil || before.Team == nil {
		return c.Team != before.Team
	}
	return c.Team.SeatUnit != before.Team.SeatUnit || c.Team.Max < before.Team.Max
}

// Team is a group of people who take part in a competition together. It exists as long as somebody is in it.
type Team struct {
	ID            string
	CompetitionID string
	Number        int64 // the Seq with which it was created; never that of another team
	Name          string
	CaptainID     string // user
	CodeVersion   int    // raised by each renewal of the code
	CreatedAt     time.Time
}

// TeamKey is the form in which names of teams are compared.
func TeamKey(name string) string { return normal.Key(normal.Line(name)) }

// TeamCode is what people need to join a team. Printing or logging it doesn't reveal it.
type TeamCode string

// String implements fmt.Stringer.
func (TeamCode) String() string { return "[team code]" }

// LogValue implements slog.LogValuer.
func (c TeamCode) LogValue() slog.Value { return slog.StringValue(c.String()) }

// teamSecret is how many characters of a code can't be guessed: 40 bits.
const teamSecret = 8

// typedTeamCode is the longest code that is looked at, in bytes.
const typedTeamCode = 64

var teamLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Code returns the team's code: its number, so that it can be found, and a secret. It's computed, so that nobody can
// read it from the database. Renewing it makes all earlier ones useless; so does replacing JWT_SECRET.
func (t *Team) Code(sealer Sealer) TeamCode {
	digest := sha256.Sum256([]byte(sealer.Digest("team code", t.ID+" "+strconv.Itoa(t.CodeVersion))))
	return TeamCode(strconv.FormatInt(t.Number, 10) + "-" + teamLetters.EncodeToString(digest[:])[:teamSecret])
}

// Is reports whether somebody typed the team's code. How long that takes doesn't depend on how much of it is right.
func (t *Team) Is(typed TeamCode, sealer Sealer) bool {
	return subtle.ConstantTimeCompare([]byte(t.Code(sealer)), []byte(typed.normalized())) == 1
}

// mistaken is made once: it has a table of all bytes.
var mistaken = strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1")

// normalized returns a code in the form of Team.Code: case, spaces and hyphens don't matter, nor whether a letter was
// taken for a digit.
func (c TeamCode) normalized() TeamCode {
	if len(c) > typedTeamCode {
		return ""
	}
	text := mistaken.Replace(strings.ToUpper(string(c)))
	if len(text) <= teamSecret {
		return ""
	}
	return TeamCode(text[:len(text)-teamSecret] + "-" + text[len(text)-teamSecret:])
}

// Number returns the number of the team that a code is for; 0 if it can't be that of any.
func (c TeamCode) Number() int64 {
	number, _, _ := strings.Cut(string(c.normalized()), "-")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// TeamChoice is the team that somebody wants to be in: a new one with a name, or the one with a code. The zero value is
// none.
type TeamChoice struct {
	Name string
	Code TeamCode `json:"-"` // as typed
}

// IsZero reports whether no team was chosen.
func (t TeamChoice) IsZero() bool { return t == TeamChoice{} }

// checkTeam reports a choice that the competition doesn't take. Without teams there is none. With seats for teams,
// everybody is in one; else people can register alone if teams can have one member, or if they are looking for one.
func (c *Competition) checkTeam(e *Entry) error {
	var v validation
	switch {
	case c.Team == nil:
		if !e.Team.IsZero() {
			v.add("team", "must be left out, because this competition has no teams")
		}
		if e.LookingForTeam {
			v.add("lookingForTeam", "must be left out, because this competition has no teams")
		}
	case e.Team.Name != "" && e.Team.Code != "":
		v.add("team", "must have either a name or a code")
	case e.Team.Code != "":
	case e.Team.Name != "":
		v.length("team.name", normal.Line(e.Team.Name), 1, MaxTeamName)
	case c.SeatsPerTeam():
		v.add("team", "is required: give your team a name, or join one with its code")
	case c.NeedsTeam() && !e.LookingForTeam:
		return teamNeeded()
	}
	return v.err()
}

// NeedsTeam reports whether people need a team, or have to look for one when they register.
func (c *Competition) NeedsTeam() bool { return c.Team != nil && c.Team.Min > 1 }

// teamNeeded returns the error for who registers without a team and looks for none, where NeedsTeam.
func teamNeeded() error {
	var v validation
	v.add("team", "is required, unless you're looking for a team")
	return v.err()
}

// CheckJoin fails if a team takes no more members: ErrTeamFull, or ErrTeamClosed where the whole team has been decided
// about, or everybody in it was rejected. size is the number of its members, and captain their captain's registration.
func (c *Competition) CheckJoin(size int, captain *Registration) error {
	err := c.CheckPlace(size, captain)
	decided := c.TakesApplications() && captain.Status != RegistrationApplied ||
		captain.Status == RegistrationOffered
	if err == nil && c.SeatsPerTeam() && decided {
		return ErrTeamClosed
	}
	return err
}

// CheckPlace is CheckJoin for somebody whom staff put into the team, also once it has been decided about: they get the
// status of the team, so that somebody can take the place of a drop-out. It fails with ErrTeamFull, and with
// ErrTeamClosed where everybody in the team was rejected.
func (c *Competition) CheckPlace(size int, captain *Registration) error {
	switch {
	case size >= c.Team.Max:
		return ErrTeamFull
	case captain.Status == RegistrationRejected:
		return ErrTeamClosed
	}
	return nil
}

// Along returns the status of somebody who joins the team of a captain with this status, where seats are for teams.
func (s RegistrationStatus) Along() RegistrationStatus {
	if s == RegistrationConfirmed {
		return RegistrationPending // they get a confirmation of their own
	}
	return s
}

// QuestionsFor returns the questions that somebody answers: those to a team are for its captain.
func (c *Competition) QuestionsFor(captain bool) Questions {
	if c.Team == nil || captain {
		return c.Questions
	}
	for i := range c.Questions {
		if c.Questions[i].Scope == ScopeTeam {
			return c.Questions.ofPerson()
		}
	}
	return c.Questions
}

func (qs Questions) ofPerson() Questions {
	var kept Questions
	for i := range qs {
		if qs[i].Scope != ScopeTeam {
			kept = append(kept, qs[i])
		}
	}
	return kept
}

// The refusals about teams.
var (
	// ErrTeamGone is ErrTeamMissing where the team was looked for by its ID.
	ErrTeamGone = &Error{Kind: KindNotFound, Code: "team_not_found", Detail: "Team not found."}
	// ErrTeamMissing is for a code.
	ErrTeamMissing = &Error{
		Kind: KindNotFound, Code: "team_not_found",
		Detail: "No team has this code. Ask your captain for the current one.",
	}
	ErrTeamFull = &Error{
		Kind: KindConflict, Code: "team_full",
		Detail: "This team has no room for another member.",
	}
	ErrTeamClosed = &Error{
		Kind: KindConflict, Code: "team_closed",
		Detail: "This team isn't accepting new members.",
	}
	ErrTeamNameTaken = &Error{
		Kind: KindConflict, Code: "team_name_taken",
		Detail: "Another team in this competition already has this name. Choose a different one.",
	}
	ErrCaptainMustHandOver = &Error{
		Kind: KindConflict, Code: "captain_must_hand_over",
		Detail: "You're the captain. Make someone else captain before you leave the team.",
	}
	ErrCaptainOnly = &Error{
		Kind: KindForbidden, Code: "captain_only",
		Detail: "Only the captain can do this for the team.",
	}
	ErrNoTeams = &Error{
		Kind: KindConflict, Code: "no_teams",
		Detail: "This competition has no teams.",
	}
	ErrTeamRequired = &Error{
		Kind: KindConflict, Code: "team_required",
		Detail: "Everyone in this competition needs a team. Join another team instead, or cancel the registration.",
	}
	ErrTeamMemberMissing = &Error{
		Kind: KindNotFound, Code: "team_member_not_found",
		Detail: "This person isn't a member of the team.",
	}
	ErrTeamDivision = &Error{
		Kind: KindConflict, Code: "team_division",
		Detail: "A team stays together in one division. Leave the team first, or choose a team in the same division.",
	}
	ErrTeamsFixed = &Error{
		Kind: KindConflict, Code: "teams_fixed",
		Detail: "People have registered already, so the competition can't get or lose teams, count seats differently " +
			"or make teams smaller any more.",
	}
)

// CheckJoining fails unless somebody with this entry can join a team now. Errors: ErrTeamClosed after the deadline, and
// those of Admit but for full ones.
func (c *Competition) CheckJoining(e Entry, now time.Time) error {
	if err := c.checkJoining(now); err != nil {
		return err
	}
	return c.CheckEntry(e)
}

// CheckTeamChange fails if the actor may not move the registration between teams: its owner until registration closes,
// and staff until the start. Errors: ErrRegistrationGone, ErrNoTeams, ErrCompetitionCancelled,
// ErrRegistrationCancelled, ErrApplicationRejected, ErrCompetitionStarted, ErrTeamClosed, and those of Admit but for
// full ones.
func (r *Registration) CheckTeamChange(a Actor, c *Competition, now time.Time) error {
	err := r.checkPlaceChange(a, c, now)
	switch {
	case c.Team == nil && !ErrRegistrationGone.Is(err):
		return ErrNoTeams
	case err != nil, c.ManagedBy(a):
		return err
	}
	return c.checkJoining(now)
}

// checkJoining fails unless people can join teams now.
func (c *Competition) checkJoining(now time.Time) error {
	err := c.checkOpen(c.Phase(now), now)
	paused := c.Suspended && now.Before(c.RegDeadline)
	if ErrRegistrationClosed.Is(err) && !paused {
		return ErrTeamClosed
	}
	return err
}

// CheckCaptain fails unless the actor is the team's captain or manages its competition: ErrTeamGone for strangers,
// ErrCaptainOnly for other members. For a cancelled competition it always fails: with ErrCompetitionCancelled for
// staff, and ErrTeamGone for all others. member reports whether the actor is in the team.
func (t *Team) CheckCaptain(a Actor, c *Competition, member bool) error {
	manages, cancelled := c.ManagedBy(a), c.Status == StatusCancelled
	switch {
	case manages && cancelled:
		return ErrCompetitionCancelled
	case manages:
		return nil
	case !member, cancelled:
		return ErrTeamGone
	case t.CaptainID != a.UserID:
		return ErrCaptainOnly
	}
	return nil
}

// DropsIncomplete reports whether teams with too few members are cancelled at the given time, when nobody can have
// joined in time any more.
func (c *Competition) DropsIncomplete(now time.Time) bool {
	return c.Team != nil && c.Team.DropIncomplete && c.Team.Min > 1 && c.Status == StatusPublished &&
		!now.Before(c.RegDeadline.Add(ArrivalGrace)) && !c.Started(now)
}
