-- Words are found together with what lists are sorted by, so that a search reads the competitions of one page, and not those of all its hits.

-- +goose Up
DROP INDEX competitions_filled;
CREATE INDEX competitions_filled ON competitions (reg_deadline, id) WHERE filling > 0; -- the few that are closed, beside the refresh of the counts
ALTER TABLE competition_search ADD COLUMN created_at {{.Time}}; -- of the competition, as is the next; null only in the middle of an insertion
ALTER TABLE competition_search ADD COLUMN reg_deadline {{.Time}};
{{if .TextVectors}}
-- The table is written anew: an update would leave all its former rows at its beginning, where searches take their sample.
CREATE FUNCTION competition_created(uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT created_at FROM competitions WHERE id = $1 $$;
CREATE FUNCTION competition_deadline(uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT reg_deadline FROM competitions WHERE id = $1 $$;
ALTER TABLE competition_search
    ALTER COLUMN created_at TYPE timestamptz USING competition_created(competition_id),
    ALTER COLUMN reg_deadline TYPE timestamptz USING competition_deadline(competition_id);
DROP FUNCTION competition_created(uuid);
DROP FUNCTION competition_deadline(uuid);
-- +goose StatementBegin
CREATE FUNCTION competition_search_sorted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.created_at, c.reg_deadline INTO new.created_at, new.reg_deadline FROM competitions c WHERE c.id = new.competition_id;
    RETURN new;
END $$;
-- +goose StatementEnd
CREATE TRIGGER competition_search_sorted BEFORE INSERT ON competition_search FOR EACH ROW WHEN (new.created_at IS NULL)
    EXECUTE FUNCTION competition_search_sorted();
-- +goose StatementBegin
CREATE FUNCTION competitions_sorted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE competition_search SET created_at = new.created_at, reg_deadline = new.reg_deadline WHERE competition_id = new.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER competitions_sorted AFTER UPDATE OF created_at, reg_deadline ON competitions FOR EACH ROW
    WHEN (new.created_at <> old.created_at OR new.reg_deadline <> old.reg_deadline) EXECUTE FUNCTION competitions_sorted();
{{else}}
DROP TRIGGER competition_search_updated;
UPDATE competition_search SET created_at = c.created_at, reg_deadline = c.reg_deadline FROM competitions c WHERE c.id = competition_id;
-- +goose StatementBegin
CREATE TRIGGER competition_search_updated AFTER UPDATE OF words ON competition_search BEGIN
    INSERT INTO competition_words (competition_words, rowid, words) VALUES ('delete', old.number, old.words);
    INSERT INTO competition_words (rowid, words) VALUES (new.number, new.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_search_sorted AFTER INSERT ON competition_search WHEN new.created_at IS NULL BEGIN
    UPDATE competition_search SET (created_at, reg_deadline) = (
        SELECT c.created_at, c.reg_deadline FROM competitions c WHERE c.id = new.competition_id
    ) WHERE number = new.number;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competitions_sorted AFTER UPDATE OF created_at, reg_deadline ON competitions
    WHEN new.created_at <> old.created_at OR new.reg_deadline <> old.reg_deadline BEGIN
    UPDATE competition_search SET created_at = new.created_at, reg_deadline = new.reg_deadline WHERE competition_id = new.id;
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
DROP TRIGGER competitions_sorted{{if .TextVectors}} ON competitions{{end}};
DROP TRIGGER competition_search_sorted{{if .TextVectors}} ON competition_search{{end}};
{{if .TextVectors}}
DROP FUNCTION competitions_sorted();
DROP FUNCTION competition_search_sorted();
{{else}}
DROP TRIGGER competition_search_updated;
-- +goose StatementBegin
CREATE TRIGGER competition_search_updated AFTER UPDATE ON competition_search BEGIN
    INSERT INTO competition_words (competition_words, rowid, words) VALUES ('delete', old.number, old.words);
    INSERT INTO competition_words (rowid, words) VALUES (new.number, new.words);
END;
-- +goose StatementEnd
{{end}}
ALTER TABLE competition_search DROP COLUMN reg_deadline;
ALTER TABLE competition_search DROP COLUMN created_at;
DROP INDEX competitions_filled;
CREATE INDEX competitions_filled ON competitions (id) WHERE filling > 0;
