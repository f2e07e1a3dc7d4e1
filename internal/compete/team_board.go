package compete

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"
)

// TeamInvitation is what a captain sends to somebody who looks for a team. It doesn't name the captain, whose name
// would stay in somebody else's mailbox when the account is deleted.
type TeamInvitation struct {
	Team        Team
	Competition *Competition
	Code        TeamCode
}

// Seeker is somebody who looks for a team.
type Seeker struct {
	ParticipantRegistration
	Invited bool // to the team that asks, with its present code
	Apart   bool // in another division, so that they can't join
}

// ErrNotLooking refuses an invitation.
var ErrNotLooking = &Error{
	Kind: KindConflict, Code: "not_looking",
	Detail: "This person isn't looking for a team any more.",
}

// Board lists the people that a team can invite, for its captain and staff. Errors: ErrTeamGone, ErrCaptainOnly,
// ErrCompetitionCancelled.
func (s *Teams) Board(ctx context.Context, a Actor, teamID, cursor string, limit int) (TeamView, Page[Seeker], error) {
	at, limit, err := listing(validation{}, "seekers", cursor, limit)
	if err != nil {
		return TeamView{}, Page[Seeker]{}, err
	}
	t, err := s.captained(ctx, a, teamID)
	if err != nil {
		return t, Page[Seeker]{}, err
	}
	found, err := s.config.Store.Seekers(ctx, t.CompetitionID, at, limit)
	if err != nil {
		return t, Page[Seeker]{}, err
	}
	ids := make([]string, len(found.Items))
	for i := range found.Items {
		ids[i] = found.Items[i].ID
	}
	invited, err := s.config.Store.Invited(ctx, t.invitationID(), ids)
	seekers := Page[Seeker]{Next: found.Next}
	for _, r := range found.Items {
		seekers.Items = append(seekers.Items, Seeker{r, slices.Contains(invited, r.ID), t.apart(&r.Registration)})
	}
	return t, seekers, err
}

// apart reports whether somebody can't join because their place is in another division.
func (v *TeamView) apart(r *Registration) bool {
	return !v.Competition.SeatsPerTeam() && v.Members[0].DivisionID != r.DivisionID
}

// captained returns a team that the actor decides for.
func (s *Teams) captained(ctx context.Context, a Actor, teamID string) (TeamView, error) {
	t, err := s.Get(ctx, a, teamID)
	if err == nil {
		err = t.CheckCaptain(a, &t.Competition, true)
	}
	return t, err
}

// Invite sends somebody who looks for a team a message with the link to join. Who was invited with its present code
// gets none. Errors: those of Board, ErrReauthenticate, ErrTeamFull, ErrTeamClosed, ErrTeamDivision, ErrNotLooking,
// ErrQuotaUsed.
func (s *Teams) Invite(ctx context.Context, a Actor, teamID, registrationID string) error {
	t, err := s.captained(ctx, a, teamID)
	if err == nil && t.CaptainID != a.UserID {
		err = s.requireFresh(ctx, a, &t)
	}
	if err == nil {
		err = s.joinable(&t)
	}
	if err != nil {
		return err
	}
	if !ValidID(registrationID) {
		return ErrNotLooking
	}
	r, err := s.config.Registrations.ParticipantRegistration(ctx, registrationID)
	switch {
	case ErrRegistrationGone.Is(err):
		return ErrNotLooking
	case err != nil:
		return err
	case r.CompetitionID != t.CompetitionID || !r.Looking || !r.Status.Hopeful():
		return ErrNotLooking
	case t.apart(&r.Registration):
		return ErrTeamDivision
	}
	if invited, err := s.config.Store.Invited(ctx, t.invitationID(), []string{r.ID}); err != nil || len(invited) > 0 {
		return err
	}
	to, err := s.config.Users.User(ctx, r.UserID)
	if ErrUserMissing.Is(err) || err == nil && to.DisabledAt != nil { // nor does the board list them
		err = ErrNotLooking
	}
	if err == nil {
		err = s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Invitations)
	}
	if err != nil {
		return err
	}
	w, err := s.config.Wording.Invited(to, TeamInvitation{t.Team, &t.Competition, t.Code})
	m, err := accountMessages{s.config.Runtime, s.config.Wording}.worded(MessageTeamInvited, to, to.Email, w, err)
	if err != nil {
		return err
	}
	m.RegistrationID, m.Seq, m.OccasionID = r.ID, r.Seq, t.invitationID()
	return s.config.Store.Invite(ctx, m, AuditRecord{
		At: s.config.now(), Action: AuditTeamInvited, UserID: r.UserID, CompetitionID: t.CompetitionID, SubjectID: t.ID,
	})
}

// invitationID identifies the invitations to a team with its present code. A new code makes earlier links useless, so
// that people can be invited again.
func (t *Team) invitationID() string {
	return uuidOf("invitation " + t.ID + " " + strconv.Itoa(t.CodeVersion))
}

// EventID tells apart messages of one kind about the team to somebody at several times.
func (t *Team) EventID(kind MessageKind, registrationID string, at time.Time) string {
	return uuidOf(string(kind) + " " + t.ID + " " + registrationID + " " + strconv.FormatInt(at.UnixNano(), 10))
}

// uuidOf returns an identifier in the form of a UUID that depends only on the text.
func uuidOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	id := hex.EncodeToString(sum[:16])
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
