-- What participants filled in before registration opens, so that their press needs nothing but its key.

-- +goose Up
CREATE TABLE preparations (
    user_id        {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    entry          text NOT NULL, -- JSON of compete.Entry
    updated_at     {{.Time}} NOT NULL,
    PRIMARY KEY (user_id, competition_id)
){{.Keyed}};
CREATE INDEX preparations_competition ON preparations (competition_id);

-- +goose Down
DROP TABLE preparations;
