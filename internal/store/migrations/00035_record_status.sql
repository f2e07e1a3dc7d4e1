-- The status of the response was stored with each recorded outcome and read by nobody: it follows from the outcome.

-- +goose Up
ALTER TABLE idempotency_keys DROP COLUMN status;

-- +goose Down
ALTER TABLE idempotency_keys ADD COLUMN status integer NOT NULL DEFAULT 201;
