-- Lists and searches that take as long with a million competitions as with a thousand.

-- +goose Up

-- The order "filling" begins with what fills up; lists of what is closed or not yet open pass all of that by within the index.
DROP INDEX competitions_filling;
CREATE INDEX competitions_filling ON competitions (status, filling, id, reg_deadline, reg_opens_at);
CREATE INDEX competitions_filled ON competitions (id) WHERE filling > 0; -- for the refresh of the counts, each minute

-- Participants who were organizers: competitions may be theirs that nobody answers for any more.
ALTER TABLE users ADD COLUMN demoted boolean NOT NULL DEFAULT false;
UPDATE users SET demoted = true WHERE role = 'PARTICIPANT' AND id IN (SELECT organizer_id FROM competitions);
CREATE INDEX users_demoted ON users (id) WHERE demoted;
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION users_demoted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.demoted := new.role = 'PARTICIPANT' AND (old.demoted OR old.role <> 'PARTICIPANT');
    RETURN new;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_demoted BEFORE UPDATE OF role ON users FOR EACH ROW EXECUTE FUNCTION users_demoted();
{{else}}
-- +goose StatementBegin
CREATE TRIGGER users_demoted AFTER UPDATE OF role ON users WHEN new.role <> old.role BEGIN
    UPDATE users SET demoted = new.role = 'PARTICIPANT' WHERE id = new.id;
END;
-- +goose StatementEnd
{{end}}

-- People are found by one or two characters, too: as the beginnings of the groups of three (trigrams) in the index. Two spaces at the end
-- make the last characters begin groups as well.
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION users_grams(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
    SELECT array_to_tsvector(ARRAY(SELECT substr(words || '  ', i, 3) FROM generate_series(1, length(words)) AS i))
$$;
-- +goose StatementEnd
CREATE INDEX users_grams ON users USING gin (users_grams(search_text));
DROP INDEX users_trigrams; -- its function stays: an earlier version may still be running beside this one
{{else}}
DROP TRIGGER people_numbered;
DROP TRIGGER people_reworded;
DROP TRIGGER people_forgotten;
DROP VIEW people_texts;
CREATE VIEW people_texts AS SELECT n.number, u.search_text || '  ' AS words FROM people_numbers n JOIN users u ON u.id = n.user_id;
INSERT INTO people_words (people_words) VALUES ('rebuild');
CREATE VIRTUAL TABLE people_grams USING fts5vocab ('people_words', 'instance');
-- +goose StatementBegin
CREATE TRIGGER people_numbered AFTER INSERT ON users BEGIN
    INSERT INTO people_numbers (user_id) VALUES (new.id);
    INSERT INTO people_words (rowid, words)
        SELECT number, new.search_text || '  ' FROM people_numbers WHERE user_id = new.id AND new.search_text IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER people_reworded AFTER UPDATE OF search_text ON users WHEN new.search_text IS NOT old.search_text BEGIN
    INSERT INTO people_words (people_words, rowid, words)
        SELECT 'delete', number, old.search_text || '  ' FROM people_numbers WHERE user_id = old.id AND old.search_text IS NOT NULL;
    INSERT INTO people_words (rowid, words)
        SELECT number, new.search_text || '  ' FROM people_numbers WHERE user_id = new.id AND new.search_text IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER people_forgotten BEFORE DELETE ON users BEGIN
    INSERT INTO people_words (people_words, rowid, words)
        SELECT 'delete', number, old.search_text || '  ' FROM people_numbers WHERE user_id = old.id AND old.search_text IS NOT NULL;
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
DROP TRIGGER users_demoted{{if .TextVectors}} ON users{{end}};
{{if .TextVectors}}
DROP FUNCTION users_demoted();
{{end}}
DROP INDEX users_demoted;
ALTER TABLE users DROP COLUMN demoted;
DROP INDEX competitions_filled;
DROP INDEX competitions_filling;
CREATE INDEX competitions_filling ON competitions (status, filling, id);
{{if .TextVectors}}
CREATE INDEX users_trigrams ON users USING gin (users_trigrams(search_text) COLLATE "C");
DROP INDEX users_grams;
DROP FUNCTION users_grams(text);
{{else}}
DROP TABLE people_grams;
DROP TRIGGER people_numbered;
DROP TRIGGER people_reworded;
DROP TRIGGER people_forgotten;
DROP VIEW people_texts;
CREATE VIEW people_texts AS SELECT n.number, u.search_text AS words FROM people_numbers n JOIN users u ON u.id = n.user_id;
INSERT INTO people_words (people_words) VALUES ('rebuild');
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
