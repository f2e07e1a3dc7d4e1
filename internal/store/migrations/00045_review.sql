-- Seats can be assigned by decisions about applications instead of by order of arrival.

-- +goose Up
ALTER TABLE competitions ADD COLUMN admission text NOT NULL DEFAULT 'FIRST_COME'
    CHECK (admission IN ('FIRST_COME', 'REVIEW', 'LOTTERY'));
ALTER TABLE competitions ADD COLUMN undecided_told_at {{.Time}}; -- when the organizer was told who was undecided at the start
CREATE INDEX competitions_undecided ON competitions (start_date) WHERE admission = 'REVIEW' AND undecided_told_at IS NULL;
{{if .TextVectors}}
ALTER TABLE registrations DROP CONSTRAINT registrations_status_check;
ALTER TABLE registrations ADD CONSTRAINT registrations_status_check
    CHECK (status IN ('PENDING', 'CONFIRMED', 'OFFERED', 'APPLIED', 'WAITLISTED', 'REJECTED', 'CANCELLED'));
{{else}}
-- A check can't be changed in place: the column is made anew.
DROP INDEX registrations_status;
DROP INDEX registrations_pending;
DROP INDEX registrations_offered;
ALTER TABLE registrations DROP COLUMN seats;
ALTER TABLE registrations RENAME COLUMN status TO old_status;
ALTER TABLE registrations ADD COLUMN status text NOT NULL DEFAULT 'CANCELLED'
    CHECK (status IN ('PENDING', 'CONFIRMED', 'APPLIED', 'WAITLISTED', 'REJECTED', 'CANCELLED') OR status = 'OFFERED' AND confirm_by IS NOT NULL);
UPDATE registrations SET status = old_status;
ALTER TABLE registrations DROP COLUMN old_status;
ALTER TABLE registrations ADD COLUMN seats integer NOT NULL
    GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'CONFIRMED', 'OFFERED') THEN 1 ELSE 0 END) VIRTUAL;
CREATE INDEX registrations_status ON registrations (competition_id, status, seq);
CREATE INDEX registrations_pending ON registrations (updated_at) WHERE status = 'PENDING';
CREATE INDEX registrations_offered ON registrations (confirm_by) WHERE status = 'OFFERED';
{{end}}
-- Drafts: a decision is deleted once it is released. It is about the application with this seq.
CREATE TABLE decisions (
    registration_id {{.UUID}} PRIMARY KEY REFERENCES registrations (id) ON DELETE CASCADE,
    competition_id  {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    seq             bigint NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('ADMIT', 'WAITLIST', 'REJECT')),
    decided_by      {{.UUID}} REFERENCES users (id) ON DELETE SET NULL,
    decided_at      {{.Time}} NOT NULL
);
CREATE INDEX decisions_competition ON decisions (competition_id, seq);
CREATE INDEX decisions_decided_by ON decisions (decided_by);

CREATE TABLE releases (
    id             {{.UUID}} PRIMARY KEY,
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    started_by     {{.UUID}} REFERENCES users (id) ON DELETE SET NULL,
    started_at     {{.Time}} NOT NULL,
    total          integer NOT NULL,
    after_seq      bigint NOT NULL, -- up to and with this seq everything is done
    admitted       integer NOT NULL,
    waitlisted     integer NOT NULL,
    rejected       integer NOT NULL,
    unseated       integer NOT NULL, -- no seat was left: these remain drafts
    dropped        integer NOT NULL, -- these no longer applied
    finished_at    {{.Time}}
);
CREATE UNIQUE INDEX releases_under_way ON releases (competition_id) WHERE finished_at IS NULL;
CREATE INDEX releases_competition ON releases (competition_id, started_at);
CREATE INDEX releases_started_by ON releases (started_by);

CREATE TABLE reviews (
    registration_id {{.UUID}} NOT NULL REFERENCES registrations (id) ON DELETE CASCADE,
    reviewer_id     {{.UUID}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    score           integer NOT NULL CHECK (score BETWEEN 1 AND 5),
    note            text NOT NULL DEFAULT '', -- for staff alone
    created_at      {{.Time}} NOT NULL,
    updated_at      {{.Time}} NOT NULL,
    PRIMARY KEY (registration_id, reviewer_id)
);
CREATE INDEX reviews_reviewer ON reviews (reviewer_id, created_at, registration_id);

-- What the reviews of a registration add up to, so that a list can be in this order.
CREATE TABLE review_scores (
    registration_id {{.UUID}} PRIMARY KEY REFERENCES registrations (id) ON DELETE CASCADE,
    competition_id  {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    reviews         integer NOT NULL,
    average         integer NOT NULL -- in hundredths
);
CREATE INDEX review_scores_order ON review_scores (competition_id, average, registration_id);

-- +goose Down
DROP TABLE review_scores;
DROP TABLE reviews;
DROP TABLE releases;
DROP TABLE decisions;
-- Who applied, or was rejected, has no seat and isn't in line: nothing else is left of it.
UPDATE registrations SET status = 'CANCELLED', cancel_reason = 'ORGANIZER' WHERE status IN ('APPLIED', 'REJECTED');
{{if .TextVectors}}
ALTER TABLE registrations DROP CONSTRAINT registrations_status_check;
ALTER TABLE registrations ADD CONSTRAINT registrations_status_check
    CHECK (status IN ('PENDING', 'CONFIRMED', 'OFFERED', 'WAITLISTED', 'CANCELLED'));
{{else}}
DROP INDEX registrations_status;
DROP INDEX registrations_pending;
DROP INDEX registrations_offered;
ALTER TABLE registrations DROP COLUMN seats;
ALTER TABLE registrations RENAME COLUMN status TO new_status;
ALTER TABLE registrations ADD COLUMN status text NOT NULL DEFAULT 'CANCELLED'
    CHECK (status IN ('PENDING', 'CONFIRMED', 'WAITLISTED', 'CANCELLED') OR status = 'OFFERED' AND confirm_by IS NOT NULL);
UPDATE registrations SET status = new_status;
ALTER TABLE registrations DROP COLUMN new_status;
ALTER TABLE registrations ADD COLUMN seats integer NOT NULL
    GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'CONFIRMED', 'OFFERED') THEN 1 ELSE 0 END) VIRTUAL;
CREATE INDEX registrations_status ON registrations (competition_id, status, seq);
CREATE INDEX registrations_pending ON registrations (updated_at) WHERE status = 'PENDING';
CREATE INDEX registrations_offered ON registrations (confirm_by) WHERE status = 'OFFERED';
{{end}}
DROP INDEX competitions_undecided;
ALTER TABLE competitions DROP COLUMN undecided_told_at;
ALTER TABLE competitions DROP COLUMN admission;
