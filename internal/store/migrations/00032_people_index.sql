-- People are found by the groups of three characters (trigrams) in what a search finds them by. Each database keeps them in the index that it
-- has, and by itself: whoever writes a user needn't know. SQLite's index wants numbers, and users have none that a VACUUM keeps.

-- +goose Up
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION users_trigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
    SELECT ARRAY(SELECT substr(words, i, 3) FROM generate_series(1, length(words) - 2) AS i)
$$;
-- +goose StatementEnd
CREATE INDEX users_trigrams ON users USING gin (users_trigrams(search_text) COLLATE "C");
{{else}}
CREATE TABLE people_numbers (
    number  integer PRIMARY KEY,
    user_id text NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO people_numbers (user_id) SELECT id FROM users ORDER BY id;
CREATE VIEW people_texts AS SELECT n.number, u.search_text AS words FROM people_numbers n JOIN users u ON u.id = n.user_id;
CREATE VIRTUAL TABLE people_words USING fts5 (
    words, content = 'people_texts', content_rowid = 'number', detail = 'none', tokenize = 'trigram case_sensitive 1'
);
INSERT INTO people_words (people_words) VALUES ('rebuild');
INSERT INTO people_words (people_words, rank) VALUES ('secure-delete', 1); -- a name doesn't stay until parts of the index are merged
-- +goose StatementBegin
CREATE TRIGGER people_numbered AFTER INSERT ON users BEGIN
    INSERT INTO people_numbers (user_id) VALUES (new.id);
    INSERT INTO people_words (rowid, words) SELECT number, new.search_text FROM people_numbers WHERE user_id = new.id AND new.search_text IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER people_reworded AFTER UPDATE OF search_text ON users WHEN new.search_text IS NOT old.search_text BEGIN
    INSERT INTO people_words (people_words, rowid, words)
        SELECT 'delete', number, old.search_text FROM people_numbers WHERE user_id = old.id AND old.search_text IS NOT NULL;
    INSERT INTO people_words (rowid, words) SELECT number, new.search_text FROM people_numbers WHERE user_id = new.id AND new.search_text IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER people_forgotten BEFORE DELETE ON users BEGIN
    INSERT INTO people_words (people_words, rowid, words)
        SELECT 'delete', number, old.search_text FROM people_numbers WHERE user_id = old.id AND old.search_text IS NOT NULL;
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
{{if .TextVectors}}
DROP INDEX users_trigrams;
DROP FUNCTION users_trigrams(text);
{{else}}
DROP TRIGGER people_forgotten;
DROP TRIGGER people_reworded;
DROP TRIGGER people_numbered;
DROP TABLE people_words;
DROP VIEW people_texts;
DROP TABLE people_numbers;
{{end}}
