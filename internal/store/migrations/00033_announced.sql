-- Lists of what isn't open yet, by deadline: without an index of its own, whoever is open stands in the way.

-- +goose Up
CREATE INDEX competitions_announced ON competitions (status, reg_deadline, id, reg_opens_at) WHERE reg_opens_at IS NOT NULL;

-- +goose Down
DROP INDEX competitions_announced;
