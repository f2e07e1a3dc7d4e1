-- Incomplete teams are dropped however long ago the deadline was, and their seats pass on though the process ends in between.

-- +goose Up
ALTER TABLE competitions ADD COLUMN teams_freed integer NOT NULL DEFAULT 0; -- seats of dropped teams that haven't passed on yet
DROP INDEX competitions_teams;
CREATE INDEX competitions_teams ON competitions (reg_deadline, id) WHERE team IS NOT NULL;
CREATE INDEX competitions_dropping ON competitions (reg_deadline, id) WHERE team LIKE '%"dropIncomplete":true%' AND status = 'PUBLISHED'
    AND (teams_dropped_for IS NULL OR teams_dropped_for <> reg_deadline);

-- +goose Down
DROP INDEX competitions_dropping;
DROP INDEX competitions_teams;
CREATE INDEX competitions_teams ON competitions (reg_deadline) WHERE team IS NOT NULL;
ALTER TABLE competitions DROP COLUMN teams_freed;
