-- SQLite keeps idempotency records by row number and finds them by an index. Kept by their key, as a table WITHOUT ROWID is, a record may
-- have 1,002 bytes on its page, a quarter of it: that of a registration is about as long, and most took a page of their own besides.

-- +goose Up
{{if .Keyed}}
CREATE TABLE idempotency_records (
    user_id      text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key          text NOT NULL,
    request_hash text NOT NULL,
    status       integer NOT NULL,
    body         blob NOT NULL,
    expires_at   timestamp NOT NULL,
    PRIMARY KEY (user_id, key)
);
INSERT INTO idempotency_records SELECT user_id, key, request_hash, status, body, expires_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_records RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires_at);
{{end}}

-- +goose Down
{{if .Keyed}}
CREATE TABLE idempotency_records (
    user_id      text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key          text NOT NULL,
    request_hash text NOT NULL,
    status       integer NOT NULL,
    body         blob NOT NULL,
    expires_at   timestamp NOT NULL,
    PRIMARY KEY (user_id, key)
) WITHOUT ROWID;
INSERT INTO idempotency_records SELECT user_id, key, request_hash, status, body, expires_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_records RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires_at);
{{end}}
