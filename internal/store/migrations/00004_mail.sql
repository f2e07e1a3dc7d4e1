-- Real mail: who has shown that an address is theirs, who wants no reminders, links that mails carry, and what an SMTP server took.

-- +goose Up
ALTER TABLE users ADD COLUMN verified_at {{.Time}};
ALTER TABLE users ADD COLUMN reminders_off_at {{.Time}};

-- A row for each request, also for addresses that no account has: asking costs the same whether or not there is one.
CREATE TABLE account_links (
    id         {{.UUID}} PRIMARY KEY,
    purpose    text NOT NULL CHECK (purpose IN ('verify', 'change', 'reset')),
    email      text NOT NULL, -- where the link is sent, in lower case
    user_id    {{.UUID}} REFERENCES users (id) ON DELETE CASCADE, -- null until it is known whose it is
    token_hash text, -- SHA-256 in hex; null until the link is written
    created_at {{.Time}} NOT NULL,
    expires_at {{.Time}} NOT NULL,
    used_at    {{.Time}} -- when it was used, or became void
);
CREATE UNIQUE INDEX account_links_token_key ON account_links (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX account_links_address ON account_links (email, purpose, created_at);
CREATE INDEX account_links_user ON account_links (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX account_links_expires ON account_links (expires_at);

ALTER TABLE messages ADD COLUMN delivered_at {{.Time}}; -- when an SMTP server took it
ALTER TABLE messages ADD COLUMN link_id {{.UUID}}; -- of account_links, which forgets sooner

-- +goose Down
ALTER TABLE messages DROP COLUMN link_id;
ALTER TABLE messages DROP COLUMN delivered_at;
DROP TABLE account_links;
ALTER TABLE users DROP COLUMN reminders_off_at;
ALTER TABLE users DROP COLUMN verified_at;
