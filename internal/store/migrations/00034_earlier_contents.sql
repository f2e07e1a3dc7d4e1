-- What a competition said before a change, for whoever repeats a request from then: recorded outcomes name its version and leave the
-- content out.

-- +goose Up
CREATE TABLE earlier_contents (
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    version        integer NOT NULL,
    organizer_id   {{.UUID}} NOT NULL REFERENCES users (id),
    content        text NOT NULL, -- JSON of the competition without its description and its organizer's name
    replaced_at    {{.Time}} NOT NULL,
    PRIMARY KEY (competition_id, version)
){{.Keyed}};
CREATE INDEX earlier_contents_replaced ON earlier_contents (replaced_at);

-- +goose Down
DROP TABLE earlier_contents;
