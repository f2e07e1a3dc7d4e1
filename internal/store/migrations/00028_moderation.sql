-- Reports of competitions by visitors, and why an account was disabled.

-- +goose Up
CREATE TABLE reports (
    id             {{.UUID}} PRIMARY KEY,
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    reporter_id    {{.UUID}} REFERENCES users (id) ON DELETE SET NULL, -- null: a visitor, or somebody who was erased, whose details go, too
    reason         text NOT NULL CHECK (reason IN ('SPAM', 'FRAUD', 'OFFENSIVE', 'ILLEGAL', 'OTHER')),
    details        text NOT NULL DEFAULT '',
    created_at     {{.Time}} NOT NULL,
    status         text NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'RESOLVED', 'DISMISSED')),
    note           text NOT NULL DEFAULT '', -- for admins alone
    answered_by    {{.UUID}} REFERENCES users (id) ON DELETE SET NULL,
    answered_at    {{.Time}}
);
CREATE INDEX reports_status ON reports (status, created_at, id);
CREATE INDEX reports_competition ON reports (competition_id, status, created_at, id);
CREATE UNIQUE INDEX reports_once ON reports (reporter_id, competition_id) WHERE status = 'OPEN'; -- nulls differ: visitors may repeat it
CREATE INDEX reports_reporter ON reports (reporter_id);
CREATE INDEX reports_answered_by ON reports (answered_by);

ALTER TABLE users ADD COLUMN disabled_reason text NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN disabled_reason_shown boolean NOT NULL DEFAULT false; -- told to the person at login

-- +goose Down
ALTER TABLE users DROP COLUMN disabled_reason_shown;
ALTER TABLE users DROP COLUMN disabled_reason;
DROP TABLE reports;
