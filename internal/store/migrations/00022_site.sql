-- What is set on pages about the site, the links of its first start, and people who want to organize.

-- +goose Up
CREATE TABLE site_settings (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    updated_at {{.Time}} NOT NULL
);

CREATE TABLE setup_links ( -- each start without an admin adds one; they end together once there is an admin
    token_hash text PRIMARY KEY,
    created_at {{.Time}} NOT NULL
);
CREATE INDEX setup_links_newest ON setup_links (created_at);
CREATE INDEX users_admins ON users (role) WHERE role = 'ADMIN';

CREATE TABLE organizer_requests ( -- those that nobody has answered yet
    id           {{.UUID}} PRIMARY KEY,
    user_id      {{.UUID}} NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    requested_at {{.Time}} NOT NULL
);
CREATE INDEX organizer_requests_oldest ON organizer_requests (requested_at, id);

-- +goose Down
DROP TABLE organizer_requests;
DROP INDEX users_admins;
DROP TABLE setup_links;
DROP TABLE site_settings;
