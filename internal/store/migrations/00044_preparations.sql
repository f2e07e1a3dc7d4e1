-- What participants filled in before registration opens, so that their press needs nothing but its key.

-- +goose Up
CREATE TABLE preparations (
    user_id        {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    division_id    text NOT NULL, -- empty: none. It is checked at the press, as divisions may go
    answers        text NOT NULL, -- JSON of compete.Answers
    asked          text NOT NULL, -- compete.Questions.Digest of those that the answers were checked against
    updated_at     {{.Time}} NOT NULL,
    PRIMARY KEY (user_id, competition_id)
){{.Keyed}};
CREATE INDEX preparations_competition ON preparations (competition_id);

-- +goose Down
DROP TABLE preparations;
