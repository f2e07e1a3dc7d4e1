-- One letter is looked up, too, instead of merging all that begins with it.

-- +goose Up
{{if not .TextVectors}}
DROP TABLE competition_words;
CREATE VIRTUAL TABLE competition_words USING fts5 (
    words, content = 'competition_search', content_rowid = 'number', detail = 'none', prefix = '1 2 3', tokenize = 'ascii'
);
INSERT INTO competition_words (competition_words, rank) VALUES ('secure-delete', 1);
INSERT INTO competition_words (competition_words) VALUES ('rebuild');
{{end}}

-- +goose Down
{{if not .TextVectors}}
DROP TABLE competition_words;
CREATE VIRTUAL TABLE competition_words USING fts5 (
    words, content = 'competition_search', content_rowid = 'number', detail = 'none', prefix = '2 3', tokenize = 'ascii'
);
INSERT INTO competition_words (competition_words, rank) VALUES ('secure-delete', 1);
INSERT INTO competition_words (competition_words) VALUES ('rebuild');
{{end}}
