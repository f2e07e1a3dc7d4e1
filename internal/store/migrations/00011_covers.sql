-- Covers of competitions. The pictures are a table of their own, so that nothing but a request for a picture reads them.

-- +goose Up
ALTER TABLE competitions ADD COLUMN cover text NOT NULL DEFAULT ''; -- the hash of its picture; empty without one

CREATE TABLE competition_covers (
    competition_id {{.UUID}} PRIMARY KEY REFERENCES competitions (id) ON DELETE CASCADE,
    hash           text NOT NULL,
    large          {{.Bytes}} NOT NULL, -- JPEG
    small          {{.Bytes}} NOT NULL  -- JPEG, half as wide
);

-- +goose Down
DROP TABLE competition_covers;
ALTER TABLE competitions DROP COLUMN cover;
