package sqldb_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

// migrations create a table of notes, and an index of their words.
var migrations = fstest.MapFS{
	"00001_notes.sql": {Data: []byte(`-- +goose Up
CREATE TABLE notes (
	id {{.UUID}} PRIMARY KEY,
	text text NOT NULL UNIQUE,
	likes bigint NOT NULL DEFAULT 0,
	pinned boolean NOT NULL DEFAULT false,
	written_at {{.Time}},
	picture {{.Bytes}},
	"to" text,
	parent_id {{.UUID}} REFERENCES notes (id),
	CHECK (likes >= 0)
);
-- +goose Down
DROP TABLE notes;
`)},
	"00002_words.sql": {Data: []byte(`-- +goose Up
{{if .TextVectors}}
CREATE TABLE note_search (note_id {{.UUID}} PRIMARY KEY REFERENCES notes (id), words tsvector NOT NULL);
CREATE INDEX note_search_words ON note_search USING gin (words);
{{else}}
CREATE TABLE note_search (number integer PRIMARY KEY, note_id text NOT NULL UNIQUE REFERENCES notes (id),
words text NOT NULL);
CREATE VIRTUAL TABLE note_words USING fts5 (words, content = 'note_search', content_rowid = 'number');
-- +goose StatementBegin
CREATE TRIGGER note_search_added AFTER INSERT ON note_search BEGIN
	INSERT INTO note_words (rowid, words) VALUES (new.number, new.words);
END;
-- +goose StatementEnd
{{end}}
-- +goose Down
DROP TABLE note_search;
{{if not .TextVectors}}DROP TABLE note_words;{{end}}
`)},
}

var noteWords = sqldb.TextIndex{Table: "note_search", Owner: "note_id", Words: "note_words"}

// note is a row of notes.
type note struct {
	ID        string
	Text      kind // any string type
	Likes     int64
	Pinned    bool
	WrittenAt *time.Time
	Picture   []byte
	To        string
}

type kind string

var noteRow = sqldb.Columns[note]{
	{Name: "id", Type: "uuid", Field: func(n *note) any { return &n.ID }},
	{Name: "text", Type: "text", Field: func(n *note) any { return &n.Text }},
	{Name: "likes", Type: "bigint", Field: func(n *note) any { return &n.Likes }},
	{Name: "pinned", Type: "boolean", Field: func(n *note) any { return &n.Pinned }},
	{Name: "written_at", Type: "time", Field: func(n *note) any { return &n.WrittenAt }},
	{Name: "picture", Type: "bytes", Field: func(n *note) any { return &n.Picture }},
	{Name: "to", Type: "text", Field: func(n *note) any { return sqldb.Optional(&n.To) }},
}

var (
	noteColumns = noteRow.Select("n")
	allNotes    = `SELECT ` + noteColumns + ` FROM notes n ORDER BY n.text`
	insertNotes = noteRow.Bulk("notes", "ON CONFLICT (id) DO UPDATE SET "+noteRow[2:].Excluded())
)

// open opens a database without migrating it, until the test ends.
func open(t *testing.T, c sqldb.Config) *sqldb.DB {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	db, err := sqldb.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func migrator(t *testing.T, db *sqldb.DB) *sqldb.Migrator {
	t.Helper()
	m, err := db.Migrator(migrations)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// eachDatabase runs a test on each kind of database, with the table of notes.
func eachDatabase(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		t.Parallel()
		test(t, openNotes(t, url))
	})
}

func openNotes(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db := open(t, sqldb.Config{URL: url})
	if err := migrator(t, db).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func newNote(text string) note { return note{ID: uuid.NewString(), Text: kind(text)} }

// insert adds notes in a separate transaction.
func insert(t *testing.T, db *sqldb.DB, notes ...note) {
	t.Helper()
	err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.Bulk(ctx, insertNotes, noteRow.Rows(notes))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// texts returns the texts of all notes, in order.
func texts(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	found, err := sqldb.List(t.Context(), db.Reader(), sqldb.ScanString, `SELECT n.text FROM notes n ORDER BY n.text`)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var errRefused = errors.New("refused")
