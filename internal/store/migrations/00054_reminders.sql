-- What starts within a day is read in the order of its start, page by page.

-- +goose Up
DROP INDEX competitions_start;
CREATE INDEX competitions_start ON competitions (start_date, id) WHERE start_date IS NOT NULL;

-- +goose Down
DROP INDEX competitions_start;
CREATE INDEX competitions_start ON competitions (start_date) WHERE start_date IS NOT NULL;
