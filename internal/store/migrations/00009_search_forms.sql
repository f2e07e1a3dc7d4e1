-- What a search finds a row by is folded by package normal, and stands beside the row. It is missing where a tool outside wrote
-- the row, and in all rows of before: the program adds it before anybody searches.

-- +goose Up
ALTER TABLE users ADD COLUMN search_text text; -- name and email
CREATE INDEX users_unsearchable ON users (id) WHERE search_text IS NULL;
ALTER TABLE competitions ADD COLUMN searchable boolean NOT NULL DEFAULT false; -- whether competition_search has its words
CREATE INDEX competitions_unsearchable ON competitions (id) WHERE NOT searchable;
ALTER TABLE competition_tags ADD COLUMN folded text;
DROP INDEX competition_tags_tag;
CREATE INDEX competition_tags_folded ON competition_tags (folded, competition_id);

-- A name that nobody has any more must not be found, nor stay anywhere.
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION users_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.search_text IS NOT DISTINCT FROM old.search_text THEN
        new.search_text := NULL;
    END IF;
    RETURN new;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_renamed BEFORE UPDATE OF name, email ON users FOR EACH ROW EXECUTE FUNCTION users_renamed();
{{else}}
-- +goose StatementBegin
CREATE TRIGGER users_renamed AFTER UPDATE OF name, email ON users WHEN new.search_text IS old.search_text BEGIN
    UPDATE users SET search_text = NULL WHERE id = new.id;
END;
-- +goose StatementEnd

-- Words are cut already: the ASCII tokenizer takes all but spaces as it is, where unicode61 knows the characters of 2012 alone and no emoji.
DROP TABLE competition_words;
CREATE VIRTUAL TABLE competition_words USING fts5 (
    words, content = 'competition_search', content_rowid = 'number', detail = 'none', prefix = '2 3', tokenize = 'ascii'
);
INSERT INTO competition_words (competition_words) VALUES ('rebuild');
{{end}}

-- +goose Down
{{if .TextVectors}}
DROP TRIGGER users_renamed ON users;
DROP FUNCTION users_renamed();
{{else}}
DROP TRIGGER users_renamed;
DROP TABLE competition_words;
CREATE VIRTUAL TABLE competition_words USING fts5 (
    words, content = 'competition_search', content_rowid = 'number', detail = 'none', prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N*'"
);
INSERT INTO competition_words (competition_words) VALUES ('rebuild');
{{end}}
DROP INDEX competition_tags_folded;
ALTER TABLE competition_tags DROP COLUMN folded;
CREATE INDEX competition_tags_tag ON competition_tags (tag, competition_id);
DROP INDEX competitions_unsearchable;
ALTER TABLE competitions DROP COLUMN searchable;
DROP INDEX users_unsearchable;
ALTER TABLE users DROP COLUMN search_text;
