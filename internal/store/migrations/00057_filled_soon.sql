-- Whether something that isn't open yet has filled up is known without looking at everything else that does.

-- +goose Up
CREATE INDEX competitions_filled_soon ON competitions (reg_opens_at, id) WHERE filling > 0 AND reg_opens_at IS NOT NULL;

-- +goose Down
DROP INDEX competitions_filled_soon;
