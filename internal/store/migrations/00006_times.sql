-- The zone in which a competition's times are shown, when it ends, and moves of its time or place that its people are yet to be told of.

-- +goose Up
ALTER TABLE competitions ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
ALTER TABLE competitions ADD COLUMN end_date {{.Time}};

-- One row for each competition that was moved a short while ago: how it was before, and who registered before the last change.
CREATE TABLE competition_moves (
    competition_id {{.UUID}} PRIMARY KEY REFERENCES competitions (id) ON DELETE CASCADE,
    id             {{.UUID}} NOT NULL, -- of the first change, whose job tells of all
    before         text NOT NULL, -- JSON
    before_seq     bigint NOT NULL -- registrations from this seq on came after the last change
){{.Keyed}};

-- A registration may be told of one move after another.
ALTER TABLE messages ADD COLUMN move_id {{.UUID}};
DROP INDEX messages_kind_key;
CREATE UNIQUE INDEX messages_kind_key ON messages (registration_id, seq, kind) WHERE start_date IS NULL AND move_id IS NULL;
CREATE UNIQUE INDEX messages_move_key ON messages (registration_id, seq, move_id) WHERE move_id IS NOT NULL;

-- +goose Down
DROP INDEX messages_move_key;
DROP INDEX messages_kind_key;
UPDATE messages SET registration_id = NULL, seq = NULL WHERE move_id IS NOT NULL; -- they stay in the mailbox
CREATE UNIQUE INDEX messages_kind_key ON messages (registration_id, seq, kind) WHERE start_date IS NULL;
ALTER TABLE messages DROP COLUMN move_id;
DROP TABLE competition_moves;
ALTER TABLE competitions DROP COLUMN end_date;
ALTER TABLE competitions DROP COLUMN time_zone;
