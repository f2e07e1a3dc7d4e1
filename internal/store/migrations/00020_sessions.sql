-- What people see of their logins: on which device and network, and when they were used last.

-- +goose Up
ALTER TABLE sessions ADD COLUMN device text NOT NULL DEFAULT ''; -- a short name, such as "Chrome on Android"; empty when unknown
ALTER TABLE sessions ADD COLUMN network text NOT NULL DEFAULT ''; -- an IPv4 address, or an IPv6 network
ALTER TABLE sessions ADD COLUMN last_used_at {{.Time}}; -- to within a few minutes
ALTER TABLE users ADD COLUMN logged_in_at {{.Time}}; -- for the first time, as far as is known
UPDATE sessions SET last_used_at = created_at;
UPDATE messages SET kind = 'security' WHERE kind = 'email_changed';
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_idle ON sessions (last_used_at) WHERE ended_at IS NULL;

-- +goose Down
DROP INDEX sessions_idle;
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
UPDATE messages SET kind = 'email_changed' WHERE kind = 'security';
ALTER TABLE users DROP COLUMN logged_in_at;
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE sessions DROP COLUMN network;
ALTER TABLE sessions DROP COLUMN device;
