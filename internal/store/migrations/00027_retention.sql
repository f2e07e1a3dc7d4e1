-- Accounts that never were anybody's: the registrations of competitions long past may be given to them.

-- +goose Up
ALTER TABLE users ADD COLUMN nobody boolean NOT NULL DEFAULT false;
CREATE INDEX users_nobody ON users (id) WHERE nobody;

-- +goose Down
DROP INDEX users_nobody;
ALTER TABLE users DROP COLUMN nobody;
