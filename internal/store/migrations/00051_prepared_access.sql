-- Who prepares types the access code once: the press needs it only if it is another one by then.

-- +goose Up
ALTER TABLE preparations ADD COLUMN access text NOT NULL DEFAULT ''; -- compete.Competition.AccessDigest; empty: no code was typed

-- +goose Down
ALTER TABLE preparations DROP COLUMN access;
