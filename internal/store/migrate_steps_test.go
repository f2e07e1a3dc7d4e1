package store_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

type row = testservices.Row

const (
	seedUser         = "00000000-0000-7000-8000-000000000001"
	seedOrganizer    = "00000000-0000-7000-8000-000000000002"
	seedCompetition  = "00000000-0000-7000-8000-000000000003"
	seedRegistration = "00000000-0000-7000-8000-000000000004"
	seedFailedJob    = "00000000-0000-7000-8000-000000000005"
	seedOther        = "00000000-0000-7000-8000-000000000006"
)

var seedTime = compete.UTC(time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC))

// seeds are a row or two of every table there ever was, in an order in which they can be inserted. A column that a step
// adds is added here; the test asks for it.
var seeds = []struct {
	table string
	row   row
}{
	{"users", row{
		"id": seedUser, "email": "ann@example.com", "name": "Ann Ünal", "password_hash": "hash", "role": "PARTICIPANT",
		"disabled_at": seedTime, "tokens_valid_after": seedTime, "created_at": seedTime, "updated_at": seedTime,
		"verified_at": seedTime, "reminders_off_at": seedTime, "search_text": "ann unal ann@example.com",
		"logged_in_at": seedTime, "erased_at": seedTime, "used_at": seedTime, "guessing_noted_at": seedTime,
		"nobody": true, "disabled_reason": "Spam", "disabled_reason_shown": true, "time_zone": "Asia/Tokyo",
		"time_zone_chosen": true,
	}},
	{"users", row{
		"id": seedOrganizer, "email": "Org@Example.com", "name": "Organizer", "password_hash": "hash",
		"role":        "ORGANIZER",
		"disabled_at": nil, "tokens_valid_after": nil, "created_at": seedTime, "updated_at": seedTime,
		"verified_at": nil, "reminders_off_at": nil, "search_text": nil,
		"logged_in_at": nil, "erased_at": nil, "used_at": nil, "guessing_noted_at": nil,
		"nobody": false, "disabled_reason": "", "disabled_reason_shown": false, "time_zone": "",
		"time_zone_chosen": false,
	}},
	{"sessions", row{
		"id": seedOther, "user_id": seedUser, "token_hash": "hash", "created_at": seedTime,
		"expires_at": seedTime.Add(time.Hour), "ended_at": nil,
		"device": "Chrome on Android", "network": "203.0.113.7", "last_used_at": seedTime,
	}},
	{"account_links", row{
		"id": seedOther, "purpose": "verify", "email": "ann@example.com", "user_id": seedUser, "token_hash": "hash",
		"created_at": seedTime, "expires_at": seedTime.Add(time.Hour), "used_at": nil,
	}},
	{"site_settings", row{"name": "SITE_NAME", "value": "Seed", "updated_at": seedTime}},
	{"setup_links", row{"token_hash": "hash", "created_at": seedTime}},
	{"organizer_requests", row{"id": seedOther, "user_id": seedUser, "requested_at": seedTime}},
	{"authenticator_apps", row{
		"user_id": seedUser, "secret": "sealed", "confirmed_at": seedTime, "last_step": int64(7),
		"created_at": seedTime,
	}},
	{"passkeys", row{
		"id": seedOther, "user_id": seedUser, "credential_id": "AQID", "record": "{}", "name": "Phone",
		"created_at": seedTime, "last_used_at": seedTime,
	}},
	{"recovery_codes", row{"user_id": seedUser, "code_hash": "hash", "used_at": seedTime}},
	{"used_challenges", row{"hash": "hash", "expires_at": seedTime}},
	{"competitions", row{
		"id": seedCompetition, "title": "Cup", "description": "A *race*", "location": "Here", "capacity": 2,
		"seats_left": 1, "waitlisted": 0,
		"reg_opens_at": seedTime, "reg_deadline": seedTime.Add(time.Hour), "start_date": seedTime.Add(2 * time.Hour),
		"end_date": seedTime.Add(3 * time.Hour), "time_zone": "Europe/Zurich", "status": "PUBLISHED",
		"waitlist": true, "offer_hours": 48, "visibility": "UNLISTED", "access_code": "sealed",
		"discarded": false, "searchable": true, "unpublished": false,
		"organizer_id": seedOrganizer,
		"next_seq":     int64(2), "version": 3, "filling": 1, "created_at": seedTime, "updated_at": seedTime,
		"cover": "0a1b", "admission": "REVIEW", "undecided_told_at": seedTime, "frozen_at": seedTime,
		"drawn_at":  seedTime,
		"divisions": 1,
		"questions": `[{"id":"q1-1","kind":"TEXT","label":"School","scope":"PERSON"}]`,
		"team":      `{"min":1,"max":4,"seatUnit":"PERSON"}`, "teams_warned_for": seedTime, "teams_dropped_for": seedTime,
		"teams_freed":   2,
		"answers_until": seedTime, "answers_kept_days": 30, "answers_purged_at": seedTime,
	}},
	{"divisions", row{
		"id": seedOther, "competition_id": seedCompetition, "place": 0, "name": "10 km", "capacity": 2,
		"seats_left": 1, "waitlisted": 0,
	}},
	{"division_blocks", row{"division_id": seedOther, "block": int64(0), "seated": 0, "waiting": 0, "cancelled": 0}},
	{"competition_covers", row{
		"competition_id": seedCompetition, "hash": "0a1b", "large": []byte{0xff, 0xd8, 0},
		"small": []byte{0xff},
	}},
	{"reports", row{
		"id": seedOther, "competition_id": seedCompetition, "reporter_id": seedUser, "reason": "SPAM",
		"details": "Sells shoes.", "created_at": seedTime,
		"status": "RESOLVED", "note": "So it did.", "answered_by": seedOrganizer, "answered_at": seedTime,
	}},
	{"reported", row{"competition_id": seedCompetition, "open": 1}},
	{"competition_tags", row{"competition_id": seedCompetition, "tag": "go", "folded": "go"}},
	{"competition_search", row{
		"number": 7, "competition_id": seedCompetition, "words": "cup", "created_at": seedTime,
		"reg_deadline": seedTime.Add(time.Hour),
	}},
	{"teams", row{
		"id": seedOther, "competition_id": seedCompetition, "number": int64(1), "name": "Ünits", "name_key": "units",
		"captain_id": seedUser, "code_version": 2, "created_at": seedTime,
	}},
	{"registrations", row{
		"id": seedRegistration, "user_id": seedUser, "competition_id": seedCompetition, "status": "CONFIRMED",
		"seq":           int64(1),
		"registered_at": seedTime, "updated_at": seedTime, "promoted_at": seedTime,
		"cancel_reason": "", "removal_reason": "", "removal_note": "", "blocked": false,
		"confirm_by": seedTime.Add(time.Hour), "seats": generated, "division_id": seedOther,
		"team_id": seedOther, "follows": false, "looking": true,
	}},
	{"registration_answers", row{"registration_id": seedRegistration, "answers": `{"q1-1":"No. 5"}`}},
	{"preparations", row{
		"user_id": seedUser, "competition_id": seedCompetition, "division_id": seedOther,
		"team_name": "Units", "team_code": "sealed", "looking": false,
		"answers": `{"q1-1":"No. 5"}`, "asked": "0a1b", "access": "1b0a", "updated_at": seedTime,
	}},
	{"decisions", row{
		"registration_id": seedRegistration, "competition_id": seedCompetition, "seq": int64(1), "decision": "ADMIT",
		"decided_by": seedOrganizer, "decided_at": seedTime,
	}},
	{"releases", row{
		"id": seedOther, "competition_id": seedCompetition, "started_by": seedOrganizer, "started_at": seedTime,
		"total": 3, "after_seq": int64(2), "admitted": 1, "waitlisted": 1, "rejected": 1, "unseated": 0, "dropped": 0,
		"finished_at": seedTime,
	}},
	{"reviews", row{
		"registration_id": seedRegistration, "reviewer_id": seedOrganizer, "score": 4, "note": "Strong.",
		"created_at": seedTime, "updated_at": seedTime,
	}},
	{"review_scores", row{
		"registration_id": seedRegistration, "competition_id": seedCompetition, "reviews": 1, "average": 400,
	}},
	{"draws", row{
		"competition_id": seedCompetition, "source": "NAMED", "source_name": "Dice", "listed_seq": int64(1),
		"listed_at": seedTime, "entries": 1, "list_hash": "0a1b", "frozen_at": seedTime, "round": int64(1000),
		"signature": "0a1b", "value": "6", "drawn_at": seedTime, "ordered_at": seedTime, "last_place": 1, "seated": 1,
		"waitlisted": 2, "dropped": 3, "finished_at": seedTime,
	}},
	{"draw_entries", row{
		"competition_id": seedCompetition, "ref": "0a1b", "registration_id": seedRegistration, "tickets": 3, "place": 1,
	}},
	{"draw_tickets", row{"registration_id": seedRegistration, "tickets": 3}},
	{"registration_blocks", row{
		"competition_id": seedCompetition, "block": int64(0), "seated": 1,
		"waiting": 0, "cancelled": 0,
	}},
	{"organizer_days", row{"organizer_id": seedOrganizer, "day": 20541, "slot": "3", "registered": 1}},
	{"messages", row{
		"id": seedOther, "user_id": seedUser, "registration_id": seedRegistration, "seq": int64(1), "kind": "confirmed",
		"start_date": nil, "move_id": nil,
		"to": "ann@example.com", "subject": "You are in", "body": "Hello", "sent_at": seedTime, "read_at": seedTime,
		"delivered_at": seedTime, "link_id": seedOther,
	}},
	{"competition_moves", row{
		"competition_id": seedCompetition, "id": seedOther, "before": `{"timeZone":"UTC"}`,
		"before_seq": int64(2),
	}},
	{"seats_taken", row{"competition_id": seedCompetition, "minute": seedTime.Truncate(time.Minute), "taken": 1}},
	{"filling_changes", row{"competition_id": seedCompetition, "refresh": int64(1), "was": 0, "at": seedTime}},
	{"idempotency_keys", row{
		"user_id": seedUser, "key": "key-12345", "request_hash": "hash", "status": 201, "body": []byte(`{"a":1}`),
		"expires_at": seedTime,
	}},
	{"earlier_contents", row{
		"competition_id": seedCompetition, "version": 1, "organizer_id": seedOrganizer, "content": `{"Title":"Cup"}`,
		"replaced_at": seedTime,
	}},
	{"audit", row{
		"id": seedOther, "at": seedTime, "action": "account.role", "actor_id": seedOrganizer, "user_id": seedUser,
		"competition_id": seedCompetition,
		"subject_id":     seedRegistration, "before": `{"role":"PARTICIPANT"}`, "after": `{"role":"ORGANIZER"}`,
		"via": "page", "address": "203.0.113.7",
		"request_id": "r1",
	}},
	{"audit_batches", row{"id": seedOther, "records": []byte("records")}},
	{"batches", row{"id": seedOther, "committed_at": seedTime}},
	{"failed_jobs", row{
		"id": seedFailedJob, "job_id": int64(9), "queue": "registration", "kind": "notify", "payload": `{"notices":[]}`,
		"error":    "boom",
		"attempts": 3, "failed_at": seedTime, "retried_at": nil,
	}},
	{"failed_notices", row{"registration_id": seedRegistration, "seq": int64(1), "failed_job_id": seedFailedJob}},
}

// generated stands for what the database makes from other columns.
const generated = "(generated)"

// left names columns, as table.column, that a step took away on purpose, or whose values it has the program make anew.
var left = map[string]bool{"users.search_text": true, "competitions.searchable": true}

// dropped names columns that a step up takes away, and the step down gives back as they were.
var dropped = map[string]bool{"idempotency_keys.status": true}

// Every step of the schema, on its own: up from the state before it, with data in every table, down again, and up once
// more. What was there before stays, each time.
func TestEveryMigrationKeepsTheData(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		versions := migrator(t, db).Versions()
		if len(versions) < 2 {
			t.Fatalf("%d steps", len(versions))
		}
		before := int64(0)
		for _, version := range versions {
			to := func(version int64) {
				t.Helper()
				if err := migrator(t, db).To(t.Context(), version); err != nil {
					t.Fatalf("to step %d: %v", version, err)
				}
			}
			to(before)
			fillEmpty(t, db)
			was := testservices.Contents(t, db.DB())
			to(version)
			wantKept(t, fmt.Sprintf("step %d up", version), was, testservices.Contents(t, db.DB()))
			to(before)
			wantKept(t, fmt.Sprintf("step %d down", version), was, testservices.Contents(t, db.DB()))
			to(version)
			wantKept(t, fmt.Sprintf("step %d up again", version), was, testservices.Contents(t, db.DB()))
			before = version
		}
		fillEmpty(t, db) // so that the newest tables have seeds too
		wantRecounted(t, db, 0)
	})
}

// Whoever was cancelled together with a competition, as a message of that time tells, is said to have been so; of the
// others nothing is.
func TestStepOnPeopleKnowsWhoWasCancelledWithACompetition(t *testing.T) {
	const beforePeople, people = 6, 7
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		to := func(version int64) {
			t.Helper()
			if err := migrator(t, db).To(t.Context(), version); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(text string, args ...any) {
			t.Helper()
			if _, err := db.Writer().ExecContext(t.Context(), text, args...); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		to(beforePeople)
		fillEmpty(t, db)
		for _, tc := range []struct {
			status, kind string
			seq          int
			want         string
		}{
			{"CANCELLED", "competition_cancelled", 1, "COMPETITION"},
			{"CANCELLED", "competition_cancelled", 2, ""}, // registered again since, and cancelled for another reason
			{"CANCELLED", "cancelled", 1, ""},
			{"CONFIRMED", "competition_cancelled", 1, ""},
		} {
			exec(`UPDATE registrations SET status = $1, seq = $2`, tc.status, tc.seq)
			exec(`UPDATE messages SET kind = $1`, tc.kind)
			to(people)
			var got string
			if err := db.Writer().QueryRowContext(t.Context(), `SELECT cancel_reason FROM registrations`+
				testservices.Unplanned()).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("%+v: the reason is %q", tc, got)
			}
			to(beforePeople)
		}
	})
}

// Registrations and seats stay as they are when offers come, and when they go: who is offered a seat then has it.
func TestStepOnOffers(t *testing.T) {
	const before, offers = 34, 40
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		to := func(version int64) {
			t.Helper()
			if err := migrator(t, db).To(t.Context(), version); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(text string, args ...any) error {
			_, err := db.Writer().ExecContext(t.Context(), text, args...)
			return err
		}
		status := func() (status string) {
			t.Helper()
			err := db.Writer().QueryRowContext(t.Context(), `SELECT status FROM registrations`+
				testservices.Unplanned()).Scan(&status)
			if err != nil {
				t.Fatal(err)
			}
			return status
		}
		to(before)
		fillEmpty(t, db)
		for _, tc := range []struct {
			status string
			seats  int
		}{{"PENDING", 1}, {"CONFIRMED", 1}, {"WAITLISTED", 0}, {"CANCELLED", 0}} {
			if err := exec(`UPDATE registrations SET status = $1`, tc.status); err != nil {
				t.Fatal(err)
			}
			to(offers)
			var seats int
			var hours sql.NullInt64
			var confirmBy sql.NullTime
			err := db.Writer().QueryRowContext(t.Context(), `SELECT r.seats, r.confirm_by, c.offer_hours
				FROM registrations r
				JOIN competitions c ON c.id = r.competition_id`+testservices.Unplanned()).Scan(&seats,
				&confirmBy, &hours)
			if err != nil {
				t.Fatal(err)
			}
			if got := status(); got != tc.status || seats != tc.seats || confirmBy.Valid || hours.Valid {
				t.Errorf("%s is %s after the step, with %d seats, %v, %v hours", tc.status, got,
					seats, confirmBy, hours)
			}
			for _, text := range []string{
				`UPDATE registrations SET status = 'OFFERED'`, `UPDATE registrations SET status = 'REJECTED'`,
				`UPDATE competitions SET offer_hours = 721`,
			} {
				if exec(text) == nil {
					t.Errorf("%s was not refused", text)
				}
			}
			to(before)
			if got := status(); got != tc.status {
				t.Errorf("%s is %s when the step was taken back", tc.status, got)
			}
		}
		to(offers)
		if err := exec(`UPDATE registrations SET status = 'OFFERED', confirm_by = $1`, seedTime); err != nil {
			t.Fatal(err)
		}
		to(before)
		if got := status(); got != "PENDING" {
			t.Errorf("an offer is %s when the step was taken back", got)
		}
		if err := migrator(t, db).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantRecounted(t, db, 0)
	})
}

// Registrations and seats stay as they are when review comes. When it goes, who has applied or was rejected has
// nothing.
func TestStepOnReview(t *testing.T) {
	const filled, before, review = 34, 40, 45
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		to := func(version int64) {
			t.Helper()
			if err := migrator(t, db).To(t.Context(), version); err != nil {
				t.Fatal(err)
			}
		}
		set := func(status string) error {
			_, err := db.Writer().ExecContext(t.Context(), `UPDATE registrations SET status = $1, confirm_by = $2`, status,
				seedTime)
			return err
		}
		found := func() (status string, seats int) {
			t.Helper()
			err := db.Writer().QueryRowContext(t.Context(), `SELECT status, seats FROM registrations`+
				testservices.Unplanned()).Scan(&status, &seats)
			if err != nil {
				t.Fatal(err)
			}
			return status, seats
		}
		to(filled)
		fillEmpty(t, db)
		to(before)
		for status, seats := range map[string]int{
			"PENDING": 1, "CONFIRMED": 1, "OFFERED": 1, "WAITLISTED": 0, "CANCELLED": 0,
		} {
			if err := set(status); err != nil {
				t.Fatal(err)
			}
			for _, version := range []int64{review, before} {
				to(version)
				if got, n := found(); got != status || n != seats {
					t.Errorf("at step %d, %s is %s with %d seats, want %d", version, status, got, n, seats)
				}
			}
		}
		for _, status := range []string{"APPLIED", "REJECTED"} {
			if set(status) == nil {
				t.Errorf("%s wasn't refused before the step", status)
			}
			to(review)
			if err := set(status); err != nil {
				t.Fatal(err)
			}
			to(before)
			if got, n := found(); got != "CANCELLED" || n != 0 {
				t.Errorf("%s is %s with %d seats when the step was taken back", status, got, n)
			}
		}
	})
}

// An earlier version lists what isn't a draft, so the step back hides what is unlisted.
func TestStepOnCirclesHidesWhatIsUnlisted(t *testing.T) {
	const seeded, before, circles = 35, 40, 43
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		to := func(version int64) {
			t.Helper()
			if err := migrator(t, db).To(t.Context(), version); err != nil {
				t.Fatal(err)
			}
		}
		to(seeded)
		fillEmpty(t, db)
		for _, tc := range []struct {
			status, visibility, want string
			unpublished, discarded   bool
		}{
			{"PUBLISHED", "PUBLIC", "PUBLISHED", false, false},
			{"PUBLISHED", "UNLISTED", "DRAFT", true, false},
			{"CANCELLED", "UNLISTED", "CANCELLED", false, true},
			{"DRAFT", "UNLISTED", "DRAFT", false, false},
		} {
			to(circles)
			if _, err := db.Writer().ExecContext(t.Context(), `UPDATE competitions SET status = $1, visibility = $2,
				unpublished = false, discarded = false`, tc.status, tc.visibility); err != nil {
				t.Fatal(err)
			}
			to(before)
			var status string
			var unpublished, discarded bool
			if err := db.Writer().QueryRowContext(t.Context(), `SELECT status, unpublished, discarded
				FROM competitions`+testservices.Unplanned()).Scan(&status, &unpublished, &discarded); err != nil {
				t.Fatal(err)
			}
			if status != tc.want || unpublished != tc.unpublished || discarded != tc.discarded {
				t.Errorf("%s %s is %s, unpublished %t, discarded %t", tc.visibility, tc.status, status, unpublished,
					discarded)
			}
		}
	})
}

// What was stored before text was brought into form is so after the step, and a search finds it.
func TestStepOnStoredForms(t *testing.T) {
	const before = 11
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		if err := migrator(t, db).To(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		fillEmpty(t, db)
		for _, text := range []string{
			"UPDATE users SET name = 'Zoe\u0308\u200b', search_text = 'zoe ann@example.com'",
			"UPDATE competitions SET title = 'Cafe\u0301', searchable = true",
		} {
			if _, err := db.Writer().ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		u, err := db.User(t.Context(), seedUser)
		if err != nil || u.Name != "Zo\u00eb" {
			t.Errorf("the name is %+q, %v", u.Name, err)
		}
		c, err := db.Competition(t.Context(), seedCompetition)
		if err != nil || c.Title != "Caf\u00e9" {
			t.Errorf("the title is %+q, %v", c.Title, err)
		}
	})
}

// fillEmpty puts the seeds into every table that has no rows yet, and wants seeds for each.
func fillEmpty(t *testing.T, db *store.Store) {
	t.Helper()
	filled := testservices.Contents(t, db.DB())
	for _, seed := range seeds {
		if rows, exists := filled[seed.table]; !exists || len(rows) > 0 {
			continue
		}
		var names, marks []string
		var args []any
		for _, column := range testservices.Columns(t, db.DB(), seed.table) {
			value, ok := seed.row[column]
			if !ok {
				t.Fatalf("the column %s.%s is new: add it to the seeds of this test", seed.table, column)
			}
			if value == generated {
				continue
			}
			args = append(args, value)
			names, marks = append(names, `"`+column+`"`), append(marks, fmt.Sprintf("$%d", len(args)))
		}
		text := "INSERT INTO " + seed.table + " (" + strings.Join(names, ", ") + ") VALUES (" +
			strings.Join(marks, ", ") + ")"
		if _, err := db.Writer().ExecContext(t.Context(), text, args...); err != nil {
			t.Fatalf("%s: %v", seed.table, err)
		}
	}
	for table, rows := range testservices.Contents(t, db.DB()) {
		if len(rows) == 0 {
			t.Fatalf("the table %s is new: add it to the seeds of this test", table)
		}
	}
}

// wantKept wants every row that was there, with the same values; a step may add columns and rows.
func wantKept(t *testing.T, step string, was, is map[string][]row) {
	t.Helper()
	for _, table := range slices.Sorted(maps.Keys(was)) {
		for _, r := range was[table] {
			wanted := maps.Clone(r)
			maps.DeleteFunc(wanted, func(column string, _ any) bool {
				column = table + "." + column
				return left[column] || dropped[column] && !strings.HasSuffix(step, "down")
			})
			if !slices.ContainsFunc(is[table], func(candidate row) bool { return covers(candidate, wanted) }) {
				t.Errorf("%s: a row of %s is gone or changed: %v\nthere are: %v", step, table, wanted, is[table])
			}
		}
	}
}

func covers(candidate, wanted row) bool {
	for column, value := range wanted {
		if got, ok := candidate[column]; !ok || !cmp.Equal(got, value) {
			return false
		}
	}
	return true
}

// What was registered stays when lotteries come and go. A lottery becomes a competition with review when they go,
// because nobody can draw it any more.
func TestStepOnLotteries(t *testing.T) {
	const filled, before, lotteries = 34, 48, 49
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		to := func(version int64) {
			t.Helper()
			if err := migrator(t, db).To(t.Context(), version); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(text string, args ...any) {
			t.Helper()
			if _, err := db.Writer().ExecContext(t.Context(), text, args...); err != nil {
				t.Fatal(err)
			}
		}
		found := func() (admission, status string) {
			t.Helper()
			err := db.Writer().QueryRowContext(t.Context(), `SELECT c.admission, r.status FROM registrations r
				JOIN competitions c ON c.id = r.competition_id`+testservices.Unplanned()).Scan(&admission, &status)
			if err != nil {
				t.Fatal(err)
			}
			return admission, status
		}
		to(filled)
		fillEmpty(t, db)
		to(before)
		wasAdmission, wasStatus := found()
		to(lotteries)
		if admission, status := found(); admission != wasAdmission || status != wasStatus {
			t.Errorf("after the step, %s and %s are %s and %s", wasAdmission, wasStatus, admission, status)
		}
		exec(`UPDATE competitions SET admission = 'LOTTERY', frozen_at = $1`, seedTime)
		exec(`UPDATE registrations SET status = 'APPLIED'`)
		exec(`INSERT INTO draws (competition_id) SELECT competition_id FROM registrations`)
		exec(`INSERT INTO draw_entries (competition_id, ref, registration_id, tickets)
			SELECT competition_id, 'a', id, 3 FROM registrations`)
		to(before)
		if admission, status := found(); admission != "REVIEW" || status != "APPLIED" {
			t.Errorf("when the step is taken back, a lottery is %s, and its application %s", admission, status)
		}
		to(lotteries)
	})
}

// When the step is taken back, whoever went along with a captain keeps their seat or their place in line, and the
// counts say so.
func TestStepOnTeams(t *testing.T) {
	const filled, before, teams = 34, 49, 50
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		to := func(version int64) {
			t.Helper()
			if err := migrator(t, db).To(t.Context(), version); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(text string, args ...any) {
			t.Helper()
			if _, err := db.Writer().ExecContext(t.Context(), text, args...); err != nil {
				t.Fatal(err)
			}
		}
		type counts struct{ capacity, seatsLeft, waitlisted int }
		found := func(table string) (c counts) {
			t.Helper()
			err := db.Writer().QueryRowContext(t.Context(), `SELECT capacity, seats_left, waitlisted FROM `+table+
				testservices.Unplanned()).Scan(&c.capacity, &c.seatsLeft, &c.waitlisted)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		to(filled)
		fillEmpty(t, db)
		to(teams)
		fillEmpty(t, db)
		for status, want := range map[string]counts{
			"CONFIRMED": {6, 5, 0}, "OFFERED": {6, 5, 0}, "WAITLISTED": {5, 5, 1}, "APPLIED": {5, 5, 0},
			"CANCELLED": {5, 5, 0},
		} {
			exec(`UPDATE competitions SET team = '{"min":1,"max":4,"seatUnit":"TEAM"}', capacity = 5, seats_left = 5,
				waitlisted = 0`)
			exec(`UPDATE divisions SET capacity = 5, seats_left = 5, waitlisted = 0`)
			exec(`UPDATE registrations SET follows = true, status = $1, confirm_by = $2`, status, seedTime)
			exec(`UPDATE registrations SET division_id = (SELECT id FROM divisions)`)
			to(before)
			if got := found("competitions"); got != want {
				t.Errorf("with a member %s, the competition has %+v, want %+v", status, got, want)
			}
			if got := found("divisions"); got != want {
				t.Errorf("with a member %s, the division has %+v, want %+v", status, got, want)
			}
			to(teams)
		}
	})
}
