-- Competitions can have divisions, each with its own seats and waitlist.

-- +goose Up
CREATE TABLE divisions (
    id             {{.UUID}} PRIMARY KEY,
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    place          integer NOT NULL, -- in the list, from 0
    name           text NOT NULL,
    capacity       integer NOT NULL CHECK (capacity > 0),
    seats_left     integer NOT NULL CHECK (seats_left BETWEEN 0 AND capacity),
    waitlisted     integer NOT NULL CHECK (waitlisted >= 0)
);
CREATE INDEX divisions_competition ON divisions (competition_id);
ALTER TABLE competitions ADD COLUMN divisions integer NOT NULL DEFAULT 0; -- how many it has
ALTER TABLE registrations ADD COLUMN division_id {{.UUID}} REFERENCES divisions (id) ON DELETE SET NULL;
-- Registrations without a division aren't in these.
CREATE INDEX registrations_division ON registrations (division_id, seq) WHERE division_id IS NOT NULL;
CREATE INDEX registrations_division_status ON registrations (division_id, status, seq) WHERE division_id IS NOT NULL;

CREATE TABLE division_blocks ( -- a row for each 64 sequence numbers of a division's competition; see registration_blocks
    division_id {{.UUID}} NOT NULL REFERENCES divisions (id) ON DELETE CASCADE,
    block       bigint NOT NULL, -- seq / 64
    seated      integer NOT NULL,
    waiting     integer NOT NULL,
    cancelled   integer NOT NULL,
    PRIMARY KEY (division_id, block)
){{.Keyed}};

-- +goose Down
DROP TABLE division_blocks;
DROP INDEX registrations_division_status;
DROP INDEX registrations_division;
ALTER TABLE registrations DROP COLUMN division_id;
ALTER TABLE competitions DROP COLUMN divisions;
DROP TABLE divisions;
