-- +goose Up
CREATE TABLE users (
    id                 {{.UUID}} PRIMARY KEY,
    email              text NOT NULL CHECK (length(email) BETWEEN 1 AND 254),
    name               text NOT NULL,
    password_hash      text NOT NULL,
    role               text NOT NULL CHECK (role IN ('PARTICIPANT', 'ORGANIZER', 'ADMIN')),
    disabled_at        {{.Time}},
    tokens_valid_after {{.Time}}, -- tokens without a session that are older are void
    created_at         {{.Time}} NOT NULL,
    updated_at         {{.Time}} NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_newest ON users (created_at, id);
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_tokens_valid_after ON users (tokens_valid_after) WHERE tokens_valid_after IS NOT NULL;

CREATE TABLE sessions (
    id         {{.UUID}} PRIMARY KEY,
    user_id    {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash text, -- null for a token of the API, which proves itself
    created_at {{.Time}} NOT NULL,
    expires_at {{.Time}} NOT NULL,
    ended_at   {{.Time}}
);
CREATE UNIQUE INDEX sessions_token_hash_key ON sessions (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE competitions (
    id           {{.UUID}} PRIMARY KEY,
    title        text NOT NULL,
    description  text NOT NULL DEFAULT '',
    location     text NOT NULL DEFAULT '',
    capacity     integer NOT NULL CHECK (capacity BETWEEN 1 AND 1000000),
    seats_left   integer NOT NULL,
    waitlisted   integer NOT NULL DEFAULT 0 CHECK (waitlisted >= 0),
    reg_opens_at {{.Time}},
    reg_deadline {{.Time}} NOT NULL,
    start_date   {{.Time}},
    status       text NOT NULL CHECK (status IN ('DRAFT', 'PUBLISHED', 'CANCELLED')),
    waitlist     boolean NOT NULL DEFAULT false,
    organizer_id {{.UUID}} NOT NULL REFERENCES users (id),
    next_seq     bigint NOT NULL DEFAULT 1 CHECK (next_seq >= 1),
    version      integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    filling      integer NOT NULL DEFAULT 0 CHECK (filling >= 0), -- seats taken in the last hour, refreshed each minute
    created_at   {{.Time}} NOT NULL,
    updated_at   {{.Time}} NOT NULL,
    CONSTRAINT competitions_seats_left CHECK (seats_left >= 0 AND seats_left <= capacity)
);
-- One index for each order of the public list and of an organizer's; the registrar's updates touch none of these columns.
CREATE INDEX competitions_newest ON competitions (status, created_at, id);
CREATE INDEX competitions_deadline ON competitions (status, reg_deadline, id);
CREATE INDEX competitions_filling ON competitions (status, filling, id);
CREATE INDEX competitions_organizer_newest ON competitions (organizer_id, created_at, id);
CREATE INDEX competitions_organizer_deadline ON competitions (organizer_id, reg_deadline, id);
CREATE INDEX competitions_organizer_filling ON competitions (organizer_id, filling, id);
CREATE INDEX competitions_start ON competitions (start_date) WHERE start_date IS NOT NULL;

CREATE TABLE competition_tags (
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    tag            text NOT NULL,
    PRIMARY KEY (competition_id, tag)
){{.Keyed}};
CREATE INDEX competition_tags_tag ON competition_tags (tag, competition_id);

CREATE TABLE registrations (
    id             {{.UUID}} PRIMARY KEY,
    user_id        {{.UUID}} NOT NULL REFERENCES users (id),
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id),
    status         text NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'WAITLISTED', 'CANCELLED')),
    seq            bigint NOT NULL CHECK (seq >= 1),
    registered_at  {{.Time}} NOT NULL,
    updated_at     {{.Time}} NOT NULL,
    promoted_at    {{.Time}}
);
CREATE UNIQUE INDEX registrations_user_competition_key ON registrations (user_id, competition_id);
CREATE UNIQUE INDEX registrations_competition_seq_key ON registrations (competition_id, seq);
CREATE INDEX registrations_status ON registrations (competition_id, status, seq);
CREATE INDEX registrations_user_newest ON registrations (user_id, registered_at, id);
CREATE INDEX registrations_pending ON registrations (updated_at) WHERE status = 'PENDING';

CREATE TABLE messages (
    id              {{.UUID}} PRIMARY KEY,
    user_id         {{.UUID}} NOT NULL REFERENCES users (id),
    registration_id {{.UUID}} REFERENCES registrations (id),
    seq             bigint,
    kind            text NOT NULL,
    start_date      {{.Time}}, -- of the competition, for reminders only
    "to"            text NOT NULL,
    subject         text NOT NULL,
    body            text NOT NULL,
    sent_at         {{.Time}} NOT NULL,
    read_at         {{.Time}},
    CONSTRAINT messages_reminder CHECK ((kind = 'reminder') = (start_date IS NOT NULL))
);
CREATE UNIQUE INDEX messages_kind_key ON messages (registration_id, seq, kind) WHERE start_date IS NULL;
CREATE UNIQUE INDEX messages_reminder_key ON messages (registration_id, seq, start_date) WHERE kind = 'reminder';
CREATE INDEX messages_newest ON messages (user_id, sent_at, id);
CREATE INDEX messages_unread ON messages (user_id) WHERE read_at IS NULL;

CREATE TABLE seats_taken (
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    minute         {{.Time}} NOT NULL,
    taken          integer NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (competition_id, minute)
){{.Keyed}};
CREATE INDEX seats_taken_minute ON seats_taken (minute);

CREATE TABLE idempotency_keys (
    user_id      {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key          text NOT NULL,
    request_hash text NOT NULL,
    status       integer NOT NULL,
    body         {{.Bytes}} NOT NULL,
    expires_at   {{.Time}} NOT NULL,
    PRIMARY KEY (user_id, key)
){{.Keyed}};
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires_at);

-- One row for each transaction of the registrar, so that the outcome of a COMMIT that was never answered can be looked up.
CREATE TABLE batches (
    id           {{.UUID}} PRIMARY KEY,
    committed_at {{.Time}} NOT NULL
){{.Keyed}};
CREATE INDEX batches_committed ON batches (committed_at);

CREATE TABLE failed_jobs (
    id         {{.UUID}} PRIMARY KEY,
    job_id     bigint NOT NULL UNIQUE, -- the queue's own id of the job
    queue      text NOT NULL,
    kind       text NOT NULL,
    payload    text NOT NULL, -- JSON as it was, also what jsonb would refuse
    error      text NOT NULL,
    attempts   integer NOT NULL,
    failed_at  {{.Time}} NOT NULL,
    retried_at {{.Time}}
);
CREATE INDEX failed_jobs_newest ON failed_jobs (failed_at, id);

-- The registrations that a dead letter names: the sweep over PENDING ones leaves them alone.
CREATE TABLE failed_notices (
    registration_id {{.UUID}} NOT NULL,
    seq             bigint NOT NULL,
    failed_job_id   {{.UUID}} NOT NULL REFERENCES failed_jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (registration_id, seq, failed_job_id)
){{.Keyed}};
CREATE INDEX failed_notices_job ON failed_notices (failed_job_id);

-- +goose Down
DROP TABLE failed_notices;
DROP TABLE failed_jobs;
DROP TABLE batches;
DROP TABLE idempotency_keys;
DROP TABLE seats_taken;
DROP TABLE messages;
DROP TABLE registrations;
DROP TABLE competition_tags;
DROP TABLE competitions;
DROP TABLE sessions;
DROP TABLE users;
