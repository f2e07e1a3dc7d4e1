-- Accounts that were deleted, and when those that nobody uses any more were used last.

-- +goose Up
ALTER TABLE users ADD COLUMN erased_at {{.Time}}; -- the account was deleted: nothing of its person is left in the row
ALTER TABLE users ADD COLUMN used_at {{.Time}}; -- it was logged in until then at the latest, by the sessions that were cleaned up

{{if not .TextVectors}}
-- Words of a draft that is deleted don't stay in the index until its parts are merged.
INSERT INTO competition_words (competition_words, rank) VALUES ('secure-delete', 1);
{{end}}

-- +goose Down
{{if not .TextVectors}}
INSERT INTO competition_words (competition_words, rank) VALUES ('secure-delete', 0);
{{end}}
ALTER TABLE users DROP COLUMN used_at;
ALTER TABLE users DROP COLUMN erased_at;
