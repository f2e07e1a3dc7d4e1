-- Full-text search over title, description and tags. The words are cut, folded and lower-cased by package store, so that both
-- databases find the same; each keeps them in the index that it has: this is the one place with two texts.

-- +goose Up
{{if .TextVectors}}
CREATE TABLE competition_search (
    competition_id uuid PRIMARY KEY REFERENCES competitions (id) ON DELETE CASCADE,
    words          tsvector NOT NULL
);
CREATE INDEX competition_search_words ON competition_search USING gin (words);
{{else}}
CREATE TABLE competition_search (
    number         integer PRIMARY KEY, -- names the row in the index; a bare rowid may change in a VACUUM
    competition_id text NOT NULL UNIQUE REFERENCES competitions (id) ON DELETE CASCADE,
    words          text NOT NULL
);
CREATE VIRTUAL TABLE competition_words USING fts5 (
    words, content = 'competition_search', content_rowid = 'number', detail = 'none', prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N*'"
);
-- +goose StatementBegin
CREATE TRIGGER competition_search_inserted AFTER INSERT ON competition_search BEGIN
    INSERT INTO competition_words (rowid, words) VALUES (new.number, new.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_search_deleted AFTER DELETE ON competition_search BEGIN
    INSERT INTO competition_words (competition_words, rowid, words) VALUES ('delete', old.number, old.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_search_updated AFTER UPDATE ON competition_search BEGIN
    INSERT INTO competition_words (competition_words, rowid, words) VALUES ('delete', old.number, old.words);
    INSERT INTO competition_words (rowid, words) VALUES (new.number, new.words);
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
{{if not .TextVectors}}
DROP TABLE competition_words;
{{end}}
DROP TABLE competition_search;
