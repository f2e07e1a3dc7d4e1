-- Competitions can ask questions. Answers are a row of their own, so that registrations for competitions without questions stay as they
-- are.

-- +goose Up
ALTER TABLE competitions ADD COLUMN questions text; -- JSON of compete.Questions; null: none
ALTER TABLE competitions ADD COLUMN answers_until {{.Time}}; -- null: until the registration deadline
ALTER TABLE competitions ADD COLUMN answers_kept_days integer CHECK (answers_kept_days BETWEEN 0 AND 730);
ALTER TABLE competitions ADD COLUMN answers_purged_at {{.Time}}; -- when answers to sensitive questions were deleted, since the last edit
CREATE INDEX competitions_sensitive ON competitions (id) WHERE answers_kept_days IS NOT NULL AND answers_purged_at IS NULL;
CREATE INDEX competitions_asking ON competitions (organizer_id, created_at, id) WHERE questions IS NOT NULL;
CREATE TABLE registration_answers (
    registration_id {{.UUID}} NOT NULL PRIMARY KEY REFERENCES registrations (id) ON DELETE CASCADE,
    answers         text NOT NULL -- JSON of compete.Answers
){{.Keyed}};

-- +goose Down
DROP TABLE registration_answers;
DROP INDEX competitions_asking;
DROP INDEX competitions_sensitive;
ALTER TABLE competitions DROP COLUMN answers_purged_at;
ALTER TABLE competitions DROP COLUMN answers_kept_days;
ALTER TABLE competitions DROP COLUMN answers_until;
ALTER TABLE competitions DROP COLUMN questions;
