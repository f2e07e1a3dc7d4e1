-- The transaction that writes a registration has locked its competition, with its divisions and teams, and checked its
-- user. To check them again for each row, and the user of an idempotency record, took PostgreSQL a quarter of what a
-- registration costs it. Users and registrations are never deleted, teams and divisions only by such a transaction.

-- +goose Up
{{if .TextVectors}}
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_user_id_fkey;
ALTER TABLE registrations DROP CONSTRAINT registrations_competition_id_fkey;
ALTER TABLE registrations DROP CONSTRAINT registrations_division_id_fkey;
ALTER TABLE registrations DROP CONSTRAINT registrations_team_id_fkey;
ALTER TABLE registration_answers DROP CONSTRAINT registration_answers_registration_id_fkey;
ALTER TABLE teams DROP CONSTRAINT teams_captain_id_fkey;
ALTER TABLE teams DROP CONSTRAINT teams_competition_id_fkey;
-- +goose StatementBegin
CREATE FUNCTION competitions_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM registrations WHERE competition_id = OLD.id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'the competition has registrations';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE TRIGGER competitions_kept BEFORE DELETE ON competitions FOR EACH ROW EXECUTE FUNCTION competitions_kept();
{{else}}
CREATE TABLE idempotency_records (
    user_id      text NOT NULL,
    key          text NOT NULL,
    request_hash text NOT NULL,
    body         blob NOT NULL,
    expires_at   timestamp NOT NULL,
    PRIMARY KEY (user_id, key)
);
INSERT INTO idempotency_records SELECT user_id, key, request_hash, body, expires_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_records RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires_at);
{{end}}

-- +goose Down
{{if .TextVectors}}
DROP TRIGGER competitions_kept ON competitions;
DROP FUNCTION competitions_kept();
ALTER TABLE teams ADD FOREIGN KEY (competition_id) REFERENCES competitions (id) ON DELETE CASCADE;
ALTER TABLE teams ADD FOREIGN KEY (captain_id) REFERENCES users (id);
ALTER TABLE registration_answers ADD FOREIGN KEY (registration_id) REFERENCES registrations (id) ON DELETE CASCADE;
ALTER TABLE registrations ADD FOREIGN KEY (team_id) REFERENCES teams (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE registrations ADD FOREIGN KEY (division_id) REFERENCES divisions (id) ON DELETE SET NULL;
ALTER TABLE registrations ADD FOREIGN KEY (competition_id) REFERENCES competitions (id);
ALTER TABLE idempotency_keys ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
{{else}}
CREATE TABLE idempotency_records (
    user_id      text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key          text NOT NULL,
    request_hash text NOT NULL,
    body         blob NOT NULL,
    expires_at   timestamp NOT NULL,
    PRIMARY KEY (user_id, key)
);
INSERT INTO idempotency_records SELECT user_id, key, request_hash, body, expires_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_records RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires_at);
{{end}}
