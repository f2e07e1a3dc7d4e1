-- Second factors: authenticator apps, passkeys, and recovery codes for when these are lost.

-- +goose Up
CREATE TABLE authenticator_apps (
    user_id      {{.UUID}} PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret       text NOT NULL, -- sealed by a key that the database doesn't have
    confirmed_at {{.Time}}, -- when a code of it was shown; without, it counts for nothing
    last_step    bigint NOT NULL DEFAULT 0, -- of the last code that was used: none works twice
    created_at   {{.Time}} NOT NULL
);

CREATE TABLE passkeys (
    id            {{.UUID}} PRIMARY KEY,
    user_id       {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id text NOT NULL UNIQUE, -- base64url
    record        text NOT NULL, -- JSON: public key, counter and flags
    name          text NOT NULL, -- the user's own
    created_at    {{.Time}} NOT NULL,
    last_used_at  {{.Time}}
);
CREATE INDEX passkeys_user ON passkeys (user_id, created_at, id);

CREATE TABLE recovery_codes (
    user_id   {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash text NOT NULL,
    used_at   {{.Time}},
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE used_challenges ( -- each challenge to a passkey can be answered once
    hash       text PRIMARY KEY,
    expires_at {{.Time}} NOT NULL
);
CREATE INDEX used_challenges_expired ON used_challenges (expires_at);

-- +goose Down
DROP TABLE used_challenges;
DROP TABLE recovery_codes;
DROP TABLE passkeys;
DROP TABLE authenticator_apps;
