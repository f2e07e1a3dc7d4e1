-- A seat that comes free can be an offer, to be accepted in time. Each registration says how many seats it holds.

-- +goose Up
ALTER TABLE competitions ADD COLUMN offer_hours integer CHECK (offer_hours BETWEEN 1 AND 720); -- null: seats are given at once
ALTER TABLE registrations ADD COLUMN confirm_by {{.Time}}; -- until when the registration is, or was, OFFERED
{{if .TextVectors}}
ALTER TABLE registrations DROP CONSTRAINT registrations_status_check;
ALTER TABLE registrations ADD CONSTRAINT registrations_status_check
    CHECK (status IN ('PENDING', 'CONFIRMED', 'OFFERED', 'WAITLISTED', 'CANCELLED'));
ALTER TABLE registrations ADD COLUMN seats integer NOT NULL
    GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'CONFIRMED', 'OFFERED') THEN 1 ELSE 0 END) STORED;
ALTER TABLE registrations ADD CONSTRAINT registrations_confirm_by CHECK (status <> 'OFFERED' OR confirm_by IS NOT NULL);
{{else}}
-- A check can't be changed in place: the column is made anew.
DROP INDEX registrations_status;
DROP INDEX registrations_pending;
ALTER TABLE registrations RENAME COLUMN status TO old_status;
ALTER TABLE registrations ADD COLUMN status text NOT NULL DEFAULT 'CANCELLED'
    CHECK (status IN ('PENDING', 'CONFIRMED', 'WAITLISTED', 'CANCELLED') OR status = 'OFFERED' AND confirm_by IS NOT NULL);
UPDATE registrations SET status = old_status;
ALTER TABLE registrations DROP COLUMN old_status;
ALTER TABLE registrations ADD COLUMN seats integer NOT NULL
    GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'CONFIRMED', 'OFFERED') THEN 1 ELSE 0 END) VIRTUAL;
CREATE INDEX registrations_status ON registrations (competition_id, status, seq);
CREATE INDEX registrations_pending ON registrations (updated_at) WHERE status = 'PENDING';
{{end}}
CREATE INDEX registrations_offered ON registrations (confirm_by) WHERE status = 'OFFERED';

-- +goose Down
-- Who was offered a seat has it: nothing else takes it back from them.
UPDATE registrations SET status = 'PENDING' WHERE status = 'OFFERED';
DROP INDEX registrations_offered;
ALTER TABLE registrations DROP COLUMN seats;
{{if .TextVectors}}
ALTER TABLE registrations DROP CONSTRAINT registrations_confirm_by;
ALTER TABLE registrations DROP CONSTRAINT registrations_status_check;
ALTER TABLE registrations ADD CONSTRAINT registrations_status_check
    CHECK (status IN ('PENDING', 'CONFIRMED', 'WAITLISTED', 'CANCELLED'));
{{else}}
DROP INDEX registrations_status;
DROP INDEX registrations_pending;
ALTER TABLE registrations RENAME COLUMN status TO new_status;
ALTER TABLE registrations ADD COLUMN status text NOT NULL DEFAULT 'CANCELLED'
    CHECK (status IN ('PENDING', 'CONFIRMED', 'WAITLISTED', 'CANCELLED'));
UPDATE registrations SET status = new_status;
ALTER TABLE registrations DROP COLUMN new_status;
CREATE INDEX registrations_status ON registrations (competition_id, status, seq);
CREATE INDEX registrations_pending ON registrations (updated_at) WHERE status = 'PENDING';
{{end}}
ALTER TABLE registrations DROP COLUMN confirm_by;
ALTER TABLE competitions DROP COLUMN offer_hours;
