package store

import (
	"context"
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.RegistrationStore = (*Store)(nil)

// registrationRow declares the columns of a registration; SQL texts call its table r. For new registrations, most
// batches don't need the columns about later events.
var (
	registrationRow     = slices.Concat(teamedRow, registrationLater)
	registrationColumns = registrationRow.Select("r")
	scanRegistration    = registrationRow.Scan

	newRegistrationRow = slices.Concat(registrationKeys, registrationState)
	dividedRow         = slices.Concat(newRegistrationRow, registrationDivision)
	teamedRow          = slices.Concat(dividedRow, registrationTeam)
	registrationKeys   = sqldb.Columns[compete.Registration]{
		{Name: "id", Type: "uuid", Field: func(r *compete.Registration) any { return &r.ID }},
		{Name: "user_id", Type: "uuid", Field: func(r *compete.Registration) any { return &r.UserID }},
		{Name: "competition_id", Type: "uuid", Field: func(r *compete.Registration) any { return &r.CompetitionID }},
	}
	registrationState = sqldb.Columns[compete.Registration]{
		{Name: "status", Type: "text", Field: func(r *compete.Registration) any { return &r.Status }},
		{Name: "seq", Type: "bigint", Field: func(r *compete.Registration) any { return &r.Seq }},
		{Name: "registered_at", Type: "time", Field: func(r *compete.Registration) any { return &r.RegisteredAt }},
		{Name: "updated_at", Type: "time", Field: func(r *compete.Registration) any { return &r.UpdatedAt }},
		{Name: "promoted_at", Type: "time", Field: func(r *compete.Registration) any { return &r.PromotedAt }},
	}
	registrationDivision = sqldb.Columns[compete.Registration]{
		{
			Name: "division_id", Type: "uuid",
			Field: func(r *compete.Registration) any { return sqldb.Optional(&r.DivisionID) },
			Value: func(r *compete.Registration) any { return optionalID(r.DivisionID) },
		},
	}
	registrationTeam = sqldb.Columns[compete.Registration]{
		{
			Name: "team_id", Type: "uuid",
			Field: func(r *compete.Registration) any { return sqldb.Optional(&r.TeamID) },
			Value: func(r *compete.Registration) any { return optionalID(r.TeamID) },
		},
		{Name: "follows", Type: "boolean", Field: func(r *compete.Registration) any { return &r.Follows }},
		{Name: "looking", Type: "boolean", Field: func(r *compete.Registration) any { return &r.Looking }},
	}
	registrationLater = sqldb.Columns[compete.Registration]{
		{Name: "cancel_reason", Type: "text", Field: func(r *compete.Registration) any { return &r.CancelReason }},
		{Name: "removal_reason", Type: "text", Field: func(r *compete.Registration) any { return &r.Removal.Reason }},
		{Name: "removal_note", Type: "text", Field: func(r *compete.Registration) any { return &r.Removal.Note }},
		{Name: "confirm_by", Type: "time", Field: func(r *compete.Registration) any { return &r.ConfirmBy }},
		{Name: "blocked", Type: "boolean", Field: func(r *compete.Registration) any { return &r.Removal.Blocked }},
	}
)

// RegistrationOf implements compete.RegistrationStore.
func (s *Store) RegistrationOf(ctx context.Context, userID, competitionID string) (compete.Registration, error) {
	if !compete.ValidID(userID) || !compete.ValidID(competitionID) {
		return compete.Registration{}, compete.ErrRegistrationGone
	}
	return sqldb.One(ctx, s.reader, compete.ErrRegistrationGone, scanPlaced, registrationOf, userID, competitionID)
}

var registrationOf = `SELECT ` + registrationColumns + `, ` + position + ` FROM registrations r WHERE r.user_id = $1
	AND r.competition_id = $2`

// position counts the registrations waiting up to and including r.
var position = `CASE WHEN r.status = 'WAITLISTED' AND NOT r.follows THEN ` + waitingBetween(`0`) + ` ELSE 0 END`

func scanPlaced(row sqldb.Row) (r compete.Registration, err error) {
	var place int
	r, err = sqldb.ScanWith(scanRegistration, &place)(row)
	r.Position = place
	return r, err
}

// RegistrationsOfUser implements compete.RegistrationStore.
func (s *Store) RegistrationsOfUser(
	ctx context.Context, userID string, cursor compete.Cursor, limit int,
) (compete.Page[compete.MyRegistration], error) {
	if !compete.ValidID(userID) {
		return compete.Page[compete.MyRegistration]{}, nil
	}
	var st statement
	st.Add(`SELECT `+questionedColumns+`, `+registrationColumns+`, `+position+`, `+answersOf+`, `+teamIf(true)+`
		FROM registrations r JOIN competitions c ON c.id = r.competition_id JOIN users o ON o.id = c.organizer_id
		WHERE r.user_id = %s`, userID)
	if !cursor.IsZero() {
		st.Add(` AND (r.registered_at, r.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY r.registered_at DESC, r.id DESC LIMIT %s`, limit+1)
	mine, err := sqldb.List(ctx, s.replicated, scanMyRegistration, st.Text(), st.Args()...)
	if err == nil {
		err = s.placeMembers(ctx, mine)
	}
	return page(mine, limit, "registered",
		func(r compete.MyRegistration) (int64, string) { return r.RegisteredAt.UnixMicro(), r.ID }), err
}

// placeMembers gives those who follow a captain on a waitlist the place of their team.
func (s *Store) placeMembers(ctx context.Context, mine []compete.MyRegistration) error {
	var teams []string
	for i := range mine {
		if r := &mine[i]; r.Follows && r.Status == compete.RegistrationWaitlisted {
			teams = append(teams, r.TeamID)
		}
	}
	if len(teams) == 0 {
		return nil
	}
	captains, err := sqldb.List(ctx, s.replicated, scanPlaced, `SELECT `+registrationColumns+`, `+position+`
		FROM registrations r WHERE r.team_id {any $1 uuid} AND NOT r.follows AND r.status = 'WAITLISTED'`,
		s.db.Array(teams))
	for i := range mine {
		for j := range captains {
			if mine[i].Follows && mine[i].TeamID == captains[j].TeamID {
				mine[i].Position = captains[j].Position
			}
		}
	}
	return err
}

func scanMyRegistration(row sqldb.Row) (m compete.MyRegistration, err error) {
	r := &m.Registration
	m.Competition, err = sqldb.ScanWith(scanCompetition, append(registrationRow.Fields(r), &r.Position,
		(*storedAnswers)(&m.Answers), &m.Team)...)(row)
	return m, err
}

// ParticipantRegistration implements compete.RegistrationStore.
func (s *Store) ParticipantRegistration(ctx context.Context, id string) (compete.ParticipantRegistration, error) {
	if !compete.ValidID(id) {
		return compete.ParticipantRegistration{}, compete.ErrRegistrationGone
	}
	return sqldb.One(ctx, s.reader, compete.ErrRegistrationGone, scanAnsweredRegistration,
		`SELECT `+registrationColumns+`, `+participantColumns+`, 0, `+answersOf+` FROM registrations r
		JOIN users u ON u.id = r.user_id WHERE r.id = $1`, id)
}

// participantColumns selects what a registration shows of its user u.
const participantColumns = `u.name, CASE WHEN u.erased_at IS NULL THEN u.email ELSE '' END,
	u.disabled_at IS NOT NULL, u.erased_at IS NOT NULL`

func scanParticipantRegistration(row sqldb.Row) (p compete.ParticipantRegistration, err error) {
	of := &p.Participant
	err = row.Scan(append(registrationRow.Fields(&p.Registration), &of.Name, &of.Email, &of.Disabled,
		&of.Erased, &p.Position)...)
	p.Participant.ID = p.UserID
	return p, err
}

// scanAnsweredRegistration is scanParticipantRegistration followed by the answers.
func scanAnsweredRegistration(row sqldb.Row) (p compete.ParticipantRegistration, err error) {
	var answers storedAnswers
	p, err = sqldb.ScanWith(scanParticipantRegistration, &answers)(row)
	p.Answers = compete.Answers(answers)
	return p, err
}
