-- Counts of registrations, kept by whoever writes registrations instead of counted by whoever reads: for places in line, for the numbers and
-- the chart of an organizer's list, and for the days on an organizer's dashboard.

-- +goose Up
CREATE TABLE registration_blocks ( -- a row for each 64 sequence numbers of a competition
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    block          bigint NOT NULL, -- seq / 64
    seated         integer NOT NULL, -- PENDING or CONFIRMED
    waiting        integer NOT NULL, -- WAITLISTED
    cancelled      integer NOT NULL,
    PRIMARY KEY (competition_id, block)
){{.Keyed}};

CREATE TABLE organizer_days (
    organizer_id {{.UUID}} NOT NULL,
    day          integer NOT NULL, -- since 1970, in UTC
    slot         text NOT NULL, -- of the competition: the last digit of its id, so that not everyone waits for one row
    registered   integer NOT NULL, -- registrations that arrived on this day, whatever became of them
    PRIMARY KEY (organizer_id, day, slot)
){{.Keyed}};

INSERT INTO registration_blocks (competition_id, block, seated, waiting, cancelled)
SELECT competition_id, seq / 64, count(CASE WHEN status IN ('PENDING', 'CONFIRMED') THEN 1 END),
    count(CASE WHEN status = 'WAITLISTED' THEN 1 END), count(CASE WHEN status = 'CANCELLED' THEN 1 END)
FROM registrations GROUP BY competition_id, seq / 64;

INSERT INTO organizer_days (organizer_id, day, slot, registered)
SELECT c.organizer_id, {{.Day "r.registered_at"}}, substr(CAST(c.id AS text), 36), count(*)
FROM registrations r JOIN competitions c ON c.id = r.competition_id GROUP BY 1, 2, 3;

-- +goose Down
DROP TABLE organizer_days;
DROP TABLE registration_blocks;
