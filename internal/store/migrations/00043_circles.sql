-- Competitions that lists and searches leave out, and those that only people with a code register for.

-- +goose Up
ALTER TABLE competitions ADD COLUMN visibility text NOT NULL DEFAULT 'PUBLIC' CHECK (visibility IN ('PUBLIC', 'UNLISTED'));
ALTER TABLE competitions ADD COLUMN access_code text CHECK (access_code <> ''); -- sealed; null: none is needed
CREATE INDEX competitions_codes ON competitions (id) WHERE access_code IS NOT NULL;
-- What isn't listed must not stand in the way of what is.
DROP INDEX competitions_newest;
DROP INDEX competitions_deadline;
DROP INDEX competitions_filling;
DROP INDEX competitions_announced;
CREATE INDEX competitions_newest ON competitions (status, created_at, id) WHERE visibility = 'PUBLIC';
CREATE INDEX competitions_deadline ON competitions (status, reg_deadline, id) WHERE visibility = 'PUBLIC';
CREATE INDEX competitions_filling ON competitions (status, filling, id, reg_deadline, reg_opens_at) WHERE visibility = 'PUBLIC';
CREATE INDEX competitions_announced ON competitions (status, reg_deadline, id, reg_opens_at)
    WHERE visibility = 'PUBLIC' AND reg_opens_at IS NOT NULL;

-- +goose Down
-- A version that knows no closed circles would list them, and let anybody in: they become drafts that only an admin can publish again.
UPDATE competitions SET status = 'DRAFT', unpublished = true
    WHERE (visibility = 'UNLISTED' OR access_code IS NOT NULL) AND status = 'PUBLISHED';
UPDATE competitions SET discarded = true WHERE visibility = 'UNLISTED' AND status = 'CANCELLED';
DROP INDEX competitions_newest;
DROP INDEX competitions_deadline;
DROP INDEX competitions_filling;
DROP INDEX competitions_announced;
DROP INDEX competitions_codes;
ALTER TABLE competitions DROP COLUMN access_code;
ALTER TABLE competitions DROP COLUMN visibility;
CREATE INDEX competitions_newest ON competitions (status, created_at, id);
CREATE INDEX competitions_deadline ON competitions (status, reg_deadline, id);
CREATE INDEX competitions_filling ON competitions (status, filling, id, reg_deadline, reg_opens_at);
CREATE INDEX competitions_announced ON competitions (status, reg_deadline, id, reg_opens_at) WHERE reg_opens_at IS NOT NULL;
