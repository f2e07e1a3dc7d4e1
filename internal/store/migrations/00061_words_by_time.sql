-- On SQLite, too, the first hits of a search are found without reading all of them, in the order of either time. A rowid
-- of these indexes is a time, in units of 134 s, followed by the 31 bits of competition_search.number.

-- +goose Up
{{if not .TextVectors}}
DROP INDEX competition_search_newest;
CREATE VIRTUAL TABLE competition_words_created_at USING fts5 (
    words, content = '', detail = 'none', prefix = '1 2 3', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE competition_words_reg_deadline USING fts5 (
    words, content = '', detail = 'none', prefix = '1 2 3', tokenize = 'ascii'
);
INSERT INTO competition_words_created_at (competition_words_created_at, rank) VALUES ('secure-delete', 1);
INSERT INTO competition_words_reg_deadline (competition_words_reg_deadline, rank) VALUES ('secure-delete', 1);
INSERT INTO competition_words_created_at (rowid, words)
    SELECT ((created_at >> 27) << 31) + number, words FROM competition_search ORDER BY 1;
INSERT INTO competition_words_reg_deadline (rowid, words)
    SELECT ((reg_deadline >> 27) << 31) + number, words FROM competition_search ORDER BY 1;
-- The times are null in the middle of an insertion.
-- +goose StatementBegin
CREATE TRIGGER competition_search_timed AFTER INSERT ON competition_search WHEN new.created_at IS NOT NULL BEGIN
    INSERT INTO competition_words_created_at (rowid, words)
        VALUES (((new.created_at >> 27) << 31) + new.number, new.words);
    INSERT INTO competition_words_reg_deadline (rowid, words)
        VALUES (((new.reg_deadline >> 27) << 31) + new.number, new.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_search_untimed AFTER DELETE ON competition_search WHEN old.created_at IS NOT NULL BEGIN
    INSERT INTO competition_words_created_at (competition_words_created_at, rowid, words)
        VALUES ('delete', ((old.created_at >> 27) << 31) + old.number, old.words);
    INSERT INTO competition_words_reg_deadline (competition_words_reg_deadline, rowid, words)
        VALUES ('delete', ((old.reg_deadline >> 27) << 31) + old.number, old.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER competition_search_retimed AFTER UPDATE OF words, created_at, reg_deadline ON competition_search BEGIN
    INSERT INTO competition_words_created_at (competition_words_created_at, rowid, words)
        SELECT 'delete', ((old.created_at >> 27) << 31) + old.number, old.words WHERE old.created_at IS NOT NULL;
    INSERT INTO competition_words_reg_deadline (competition_words_reg_deadline, rowid, words)
        SELECT 'delete', ((old.reg_deadline >> 27) << 31) + old.number, old.words WHERE old.created_at IS NOT NULL;
    INSERT INTO competition_words_created_at (rowid, words)
        SELECT ((new.created_at >> 27) << 31) + new.number, new.words WHERE new.created_at IS NOT NULL;
    INSERT INTO competition_words_reg_deadline (rowid, words)
        SELECT ((new.reg_deadline >> 27) << 31) + new.number, new.words WHERE new.created_at IS NOT NULL;
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
{{if not .TextVectors}}
DROP TRIGGER competition_search_retimed;
DROP TRIGGER competition_search_untimed;
DROP TRIGGER competition_search_timed;
DROP TABLE competition_words_reg_deadline;
DROP TABLE competition_words_created_at;
CREATE INDEX competition_search_newest ON competition_search (created_at);
{{end}}
