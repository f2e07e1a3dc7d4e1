-- +goose Up
-- A draft that was cancelled: it was never published, so it stays its organizer's business.
ALTER TABLE competitions ADD COLUMN discarded boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE competitions DROP COLUMN discarded;
