-- Every name, title, place, tag and address in the form in which the program stores text, whoever wrote it. What a search finds a row by is
-- made anew for each row, and with that its text is brought into form. People are listed by name along an index.

-- +goose Up
CREATE INDEX users_name ON users ((substr(search_text, 1, 200){{.Bytewise}}), id);

-- What a tool outside changes is found by what it says now.
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION competitions_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (new.title, new.description, new.location) IS DISTINCT FROM (old.title, old.description, old.location) THEN
        new.searchable := false;
    END IF;
    RETURN new;
END $$;
-- +goose StatementEnd
CREATE TRIGGER competitions_rewritten BEFORE UPDATE OF title, description, location ON competitions
    FOR EACH ROW EXECUTE FUNCTION competitions_rewritten();
-- +goose StatementBegin
CREATE FUNCTION competition_tags_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.tag <> old.tag AND new.folded IS NOT DISTINCT FROM old.folded THEN
        new.folded := NULL;
    END IF;
    RETURN new;
END $$;
-- +goose StatementEnd
CREATE TRIGGER competition_tags_rewritten BEFORE UPDATE OF tag ON competition_tags
    FOR EACH ROW EXECUTE FUNCTION competition_tags_rewritten();
-- +goose StatementBegin
CREATE FUNCTION competition_tags_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE competitions SET searchable = false WHERE id = old.competition_id AND searchable;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER competition_tags_removed AFTER DELETE ON competition_tags
    FOR EACH ROW EXECUTE FUNCTION competition_tags_removed();
{{else}}
-- +goose StatementBegin
CREATE TRIGGER competitions_rewritten AFTER UPDATE OF title, description, location ON competitions
    WHEN new.searchable AND (new.title <> old.title OR new.description <> old.description OR new.location <> old.location) BEGIN
    UPDATE competitions SET searchable = false WHERE id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_tags_rewritten AFTER UPDATE OF tag ON competition_tags
    WHEN new.tag <> old.tag AND new.folded IS old.folded BEGIN
    UPDATE competition_tags SET folded = NULL WHERE competition_id = new.competition_id AND tag = new.tag;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_tags_removed AFTER DELETE ON competition_tags BEGIN
    UPDATE competitions SET searchable = false WHERE id = old.competition_id AND searchable;
END;
-- +goose StatementEnd
{{end}}
UPDATE users SET search_text = NULL;
UPDATE competitions SET searchable = false;

-- +goose Down
{{if .TextVectors}}
DROP TRIGGER competition_tags_removed ON competition_tags;
DROP FUNCTION competition_tags_removed();
DROP TRIGGER competition_tags_rewritten ON competition_tags;
DROP FUNCTION competition_tags_rewritten();
DROP TRIGGER competitions_rewritten ON competitions;
DROP FUNCTION competitions_rewritten();
{{else}}
DROP TRIGGER competition_tags_removed;
DROP TRIGGER competition_tags_rewritten;
DROP TRIGGER competitions_rewritten;
{{end}}
DROP INDEX users_name;
