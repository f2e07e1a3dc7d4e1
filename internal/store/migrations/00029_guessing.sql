-- Wrong passwords: which networks an account's user is known in, and when the owner was told of many. Which accounts still have a bcrypt hash.

-- +goose Up
ALTER TABLE users ADD COLUMN guessing_noted_at {{.Time}};
CREATE INDEX sessions_network ON sessions (user_id, network);
CREATE INDEX users_bcrypt ON users (substr(password_hash, 5, 2)) WHERE substr(password_hash, 2, 1) = '2';

-- +goose Down
DROP INDEX users_bcrypt;
DROP INDEX sessions_network;
ALTER TABLE users DROP COLUMN guessing_noted_at;
