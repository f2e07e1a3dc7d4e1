-- Seats can be assigned by a public draw.

-- +goose Up
ALTER TABLE competitions ADD COLUMN frozen_at {{.Time}}; -- when the list of a lottery was closed
ALTER TABLE competitions ADD COLUMN drawn_at {{.Time}}; -- when everybody on it had been told
CREATE INDEX competitions_to_draw ON competitions (reg_deadline) WHERE admission = 'LOTTERY' AND drawn_at IS NULL;
CREATE TABLE draws (
    competition_id {{.UUID}} PRIMARY KEY REFERENCES competitions (id) ON DELETE CASCADE,
    source         text NOT NULL DEFAULT 'QUICKNET' CHECK (source IN ('QUICKNET', 'NAMED')),
    source_name    text NOT NULL DEFAULT '',
    listed_seq     bigint NOT NULL DEFAULT 0, -- all applications up to this seq are on the list
    listed_at      {{.Time}}, -- when it was complete
    entries        integer NOT NULL DEFAULT 0,
    list_hash      text NOT NULL DEFAULT '',
    frozen_at      {{.Time}},
    round          bigint NOT NULL DEFAULT 0, -- of quicknet
    signature      text NOT NULL DEFAULT '', -- of that round
    value          text NOT NULL DEFAULT '', -- of the named source
    drawn_at       {{.Time}},
    ordered_at     {{.Time}}, -- when all places were saved
    last_place     integer NOT NULL DEFAULT 0, -- up to this place everything is done
    seated         integer NOT NULL DEFAULT 0,
    waitlisted     integer NOT NULL DEFAULT 0,
    dropped        integer NOT NULL DEFAULT 0,
    finished_at    {{.Time}}
);
CREATE TABLE draw_entries (
    competition_id  {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    ref             text NOT NULL,
    registration_id {{.UUID}} NOT NULL REFERENCES registrations (id) ON DELETE CASCADE,
    tickets         integer NOT NULL CHECK (tickets BETWEEN 1 AND 1024),
    place           integer, -- in drawn order
    PRIMARY KEY (competition_id, ref)
);
CREATE INDEX draw_entries_place ON draw_entries (competition_id, place);
CREATE UNIQUE INDEX draw_entries_registration ON draw_entries (registration_id);
-- Who has more than one ticket.
CREATE TABLE draw_tickets (
    registration_id {{.UUID}} PRIMARY KEY REFERENCES registrations (id) ON DELETE CASCADE,
    tickets         integer NOT NULL CHECK (tickets BETWEEN 1 AND 1024)
);

-- +goose Down
DROP TABLE draw_tickets;
DROP TABLE draw_entries;
DROP TABLE draws;
-- Without a draw, the organizer decides.
UPDATE competitions SET admission = 'REVIEW' WHERE admission = 'LOTTERY';
DROP INDEX competitions_to_draw;
ALTER TABLE competitions DROP COLUMN drawn_at;
ALTER TABLE competitions DROP COLUMN frozen_at;
