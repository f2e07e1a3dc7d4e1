-- In the transaction that writes a registration, its competition is locked and its user checked. To check the
-- competition for each row again, and the user for each idempotency record, took PostgreSQL a sixth of what a
-- registration costs it. Users are never deleted.

-- +goose Up
{{if .TextVectors}}
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_user_id_fkey;
ALTER TABLE registrations DROP CONSTRAINT registrations_competition_id_fkey;
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
