package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// storedQuestions are questions as their column has them: JSON, or NULL for none.
type storedQuestions compete.Questions

// Scan implements sql.Scanner.
func (q *storedQuestions) Scan(from any) error {
	var text sql.Null[string]
	if err := text.Scan(from); err != nil || !text.Valid {
		*q = nil
		return err
	}
	return json.Unmarshal([]byte(text.V), q)
}

func (q storedQuestions) text() any {
	if len(q) == 0 {
		return nil
	}
	text, err := json.Marshal(q)
	if err != nil {
		panic(err) // validated questions can be encoded
	}
	return string(text)
}

// storedAnswers are answers as their column has them: JSON, or NULL for none.
type storedAnswers compete.Answers

// Scan implements sql.Scanner.
func (a *storedAnswers) Scan(from any) error {
	var text sql.Null[string]
	if err := text.Scan(from); err != nil {
		return err
	}
	read, err := compete.DecodeAnswers(text.V)
	*a = storedAnswers(read)
	return err
}

// answersOf selects the answers that belong to a registration r.
const answersOf = `(SELECT a.answers FROM registration_answers a WHERE a.registration_id = r.id)`

// answersIf is answersOf, or nothing where a competition asks nothing.
func answersIf(asked bool) string {
	if asked {
		return answersOf
	}
	return `NULL`
}

// answered adds the condition that a registration r has an answer.
func (s *statement) answered(f compete.AnswerFilter) {
	switch {
	case f.QuestionID == "":
	case f.None:
		s.unanswered(f)
	default:
		s.Add(` AND EXISTS (SELECT 1 FROM registration_answers a WHERE a.registration_id = r.id
			AND {said a.answers %s %s})`, f.QuestionID, answerJSON(f.Value))
	}
}

// lookedUp ends an EXISTS. With an offset, PostgreSQL looks it up for each row of the query, instead of reading all
// there are.
const lookedUp = ` LIMIT 1 OFFSET 0)`

// unanswered adds the condition that a registration r has no answer, although the person is asked.
func (s *statement) unanswered(f compete.AnswerFilter) {
	s.Add(` AND NOT EXISTS (SELECT 1 FROM registration_answers a WHERE a.registration_id = r.id
		AND {has a.answers %s}`+lookedUp, f.QuestionID)
	if f.Scope == compete.ScopeTeam {
		s.Add(` AND EXISTS (SELECT 1 FROM teams t WHERE t.id = r.team_id AND t.captain_id = r.user_id` + lookedUp)
	}
	if f.If == nil {
		return
	}
	s.Add(` AND EXISTS (SELECT 1 FROM registration_answers a WHERE a.registration_id = r.id AND (`)
	for i, value := range f.If.AnyOf {
		if i > 0 {
			s.Add(` OR `)
		}
		s.Add(`{said a.answers %s %s}`, f.If.QuestionID, answerJSON(value))
	}
	s.Add(`)` + lookedUp)
}

// answerJSON encodes an answer in the one way that both databases do.
func answerJSON(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "null"
	}
	return strings.TrimSpace(b.String())
}

// saveAnswers writes a row of its own per registration, so that registrations without answers cost nothing.
var saveAnswers = sqldb.NewBulk("registration_id uuid, answers text", `
	INSERT INTO registration_answers (registration_id, answers) {select v.registration_id, v.answers}
	ON CONFLICT (registration_id) DO UPDATE SET answers = excluded.answers`)

// insertAnswers is saveAnswers for registrations that are new, too: see insertRegistrations.
var insertAnswers = sqldb.NewBulk("registration_id uuid, answers text",
	`INSERT INTO registration_answers (registration_id, answers) {select v.registration_id, v.answers}`)

// splitAnswers returns the rows of the answers of new registrations, and of all others.
func splitAnswers(answers map[string]string, inserted []compete.Registration) (added, saved [][]any) {
	if len(answers) == 0 {
		return nil, nil
	}
	added = make([][]any, 0, len(answers))
	for i := range inserted {
		if text, ok := answers[inserted[i].ID]; ok {
			added = append(added, []any{inserted[i].ID, text})
		}
	}
	if len(added) == len(answers) {
		return added, nil
	}
	others := maps.Clone(answers)
	for _, row := range added {
		delete(others, row[0].(string))
	}
	return added, answerRows(others)
}

func answerRows(answers map[string]string) [][]any {
	rows := make([][]any, 0, len(answers))
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		rows = append(rows, []any{id, answers[id]})
	}
	return rows
}

// Answers implements compete.LedgerTx.
func (t *ledgerTx) Answers(ctx context.Context, registrationID string) (compete.Answers, error) {
	return answersFor(ctx, t, registrationID)
}

func answersFor(ctx context.Context, q sqldb.Querier, registrationID string) (compete.Answers, error) {
	found, err := sqldb.List(ctx, q, scanAnswers,
		`SELECT a.answers FROM registration_answers a WHERE a.registration_id = $1`, registrationID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func scanAnswers(row sqldb.Row) (compete.Answers, error) {
	var a storedAnswers
	err := row.Scan(&a)
	return compete.Answers(a), err
}

// answeredPage is how many answers are read at a time: the first few say it of most questions.
const answeredPage = 1000

// Answered implements compete.LedgerTx.
func (t *ledgerTx) Answered(
	ctx context.Context, competitionID string, questionIDs []string, n int,
) (answered []string, all bool, err error) {
	answered, after, err := answeredAmong(ctx, t, competitionID, questionIDs, -1, n)
	return answered, after < 0 || len(answered) == len(questionIDs), err
}

// Answered implements compete.CompetitionStore. Each page is a read of its own, so that none takes long.
func (s *Store) Answered(
	ctx context.Context, competitionID string, questionIDs []string,
) (answered []string, err error) {
	left := slices.Clone(questionIDs)
	for after := int64(-1); len(left) > 0; {
		var some []string
		some, after, err = answeredAmong(ctx, s.reader, competitionID, left, after, answeredPage)
		if answered = append(answered, some...); err != nil || after < 0 {
			return answered, err
		}
		left = slices.DeleteFunc(left, func(id string) bool { return slices.Contains(some, id) })
	}
	return answered, nil
}

// answeredAmong looks for answers to the questions in n rows after a seq, once for all questions. It returns the seq of
// the last row, negative if there are no more. An id consists of characters that JSON never escapes, and a quotation
// mark within a text has a backslash before it.
func answeredAmong(
	ctx context.Context, q sqldb.Querier, competitionID string, questionIDs []string, after int64, n int,
) (answered []string, last int64, err error) {
	read, left := 0, slices.Clone(questionIDs)
	_, err = sqldb.List(ctx, q, func(row sqldb.Row) (none struct{}, err error) {
		var text string
		err = row.Scan(&last, &text)
		read++
		left = slices.DeleteFunc(left, func(id string) bool {
			found := strings.Contains(text, `"`+id+`":`)
			if found {
				answered = append(answered, id)
			}
			return found
		})
		return none, err
	}, `SELECT r.seq, a.answers FROM registrations r JOIN registration_answers a ON a.registration_id = r.id
		WHERE r.competition_id = $1 AND r.seq > $2 ORDER BY r.seq LIMIT $3`, competitionID, after, n)
	if read < n {
		last = -1
	}
	return answered, last, err
}

// AnswersOf implements compete.RegistrationStore.
func (s *Store) AnswersOf(ctx context.Context, registrationID string) (compete.Answers, error) {
	if !compete.ValidID(registrationID) {
		return nil, nil
	}
	return answersFor(ctx, s.reader, registrationID)
}

// AnswersOfCompetition implements compete.RegistrationStore.
func (s *Store) AnswersOfCompetition(
	ctx context.Context, competitionID string, afterSeq int64, limit int,
) (all []string, next int64, err error) {
	all, err = sqldb.List(ctx, s.replicated, func(row sqldb.Row) (answers string, err error) {
		err = row.Scan(&next, &answers)
		return answers, err
	}, `SELECT r.seq, coalesce(`+answersOf+`, '') FROM registrations r
		WHERE r.competition_id = $1 AND r.seq > $2 AND r.status NOT IN ('CANCELLED', 'REJECTED')
		ORDER BY r.seq LIMIT $3`,
		competitionID, afterSeq, limit)
	if len(all) < limit {
		next = 0
	}
	return all, next, err
}

// sensitiveOver selects the competitions whose sensitive answers may have been kept long enough.
const sensitiveOver = `SELECT c.id, c.version, c.questions, c.end_date, c.start_date, c.reg_deadline,
	c.answers_kept_days
	FROM competitions c WHERE c.answers_kept_days IS NOT NULL AND c.answers_purged_at IS NULL
	AND coalesce(c.end_date, c.start_date, c.reg_deadline) <= $1 ORDER BY c.id`

// forgetSensitive deletes the answers to sensitive questions, and to questions that no longer exist, of competitions
// that have been over for as many days as those are kept. It returns the number of registrations that had any.
func (s cleaner) forgetSensitive(ctx context.Context, now time.Time) (changed int, err error) {
	competitions, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (c compete.Competition, err error) {
		err = row.Scan(&c.ID, &c.Version, (*storedQuestions)(&c.Questions), &c.EndDate, &c.StartDate, &c.RegDeadline,
			&c.AnswersKeptDays)
		return c, err
	}, sensitiveOver, now)
	if err != nil {
		return 0, err
	}
	for _, c := range competitions {
		if !c.SensitiveOver(now.Add(-compete.SensitiveMargin)) {
			continue
		}
		n, err := s.forgetSensitiveOf(ctx, c.ID, c.Questions)
		changed += n
		if err != nil {
			return changed, fmt.Errorf("delete sensitive answers: %w", err)
		}
		// After an edit in the meantime, other questions may be sensitive.
		if _, err := sqldb.Change(ctx, s.writer, `UPDATE competitions SET answers_purged_at = $3
			WHERE id = $1 AND version = $2`, c.ID, c.Version, now); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

func (s cleaner) forgetSensitiveOf(
	ctx context.Context, competitionID string, qs compete.Questions,
) (changed int, err error) {
	for after := int64(-1); after != 0; {
		s.pause()
		var last int64
		var n int
		err := s.Transact(ctx, func(ctx context.Context, tx Tx) error {
			kept, next, err := tx.lastingAnswers(ctx, competitionID, qs, after)
			if err != nil {
				return err
			}
			last, n = next, len(kept)
			_, err = tx.Bulk(ctx, saveAnswers, answerRows(kept))
			return err
		})
		if err != nil {
			return changed, err
		}
		after, changed = last, changed+n
	}
	return changed, nil
}

// lastingAnswers returns, by registration, what remains of a page of answers of which something has to go. It also
// returns the last Seq of the page, or 0 if no further page follows. It locks the competition, as the registrar does,
// so that nobody edits answers meanwhile, and then the answers, so that nobody deletes them.
func (t Tx) lastingAnswers(
	ctx context.Context, competitionID string, qs compete.Questions, after int64,
) (kept map[string]string, last int64, err error) {
	type row struct {
		id      string
		seq     int64
		answers storedAnswers
	}
	if _, err := sqldb.List(ctx, t, sqldb.ScanString,
		`SELECT c.id FROM competitions c WHERE c.id = $1 {lock c}`, competitionID); err != nil {
		return nil, 0, err
	}
	found, err := sqldb.List(ctx, t, func(r sqldb.Row) (a row, err error) {
		err = r.Scan(&a.id, &a.seq, &a.answers)
		return a, err
	}, `SELECT a.registration_id, r.seq, a.answers FROM registrations r
		JOIN registration_answers a ON a.registration_id = r.id
		WHERE r.competition_id = $1 AND r.seq > $2 ORDER BY r.seq LIMIT $3 {lock a}`, competitionID, after, cleanUpPage)
	if err != nil {
		return nil, 0, err
	}
	kept = map[string]string{}
	for _, r := range found {
		some := qs.Lasting(compete.Answers(r.answers))
		if len(some) == len(r.answers) {
			continue
		}
		if kept[r.id], err = some.Encode(); err != nil {
			return nil, 0, err
		}
	}
	if len(found) == cleanUpPage {
		last = found[len(found)-1].seq
	}
	return kept, last, nil
}
