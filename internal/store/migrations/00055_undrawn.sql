-- The organizer of a lottery that wasn't drawn before its start is told so, too.

-- +goose Up
DROP INDEX competitions_undecided;
CREATE INDEX competitions_undecided ON competitions (start_date)
    WHERE admission <> 'FIRST_COME' AND undecided_told_at IS NULL AND drawn_at IS NULL;

-- +goose Down
DROP INDEX competitions_undecided;
CREATE INDEX competitions_undecided ON competitions (start_date) WHERE admission = 'REVIEW' AND undecided_told_at IS NULL;
