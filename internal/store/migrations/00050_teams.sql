-- People can take part in teams.

-- +goose Up
CREATE TABLE teams (
    id             {{.UUID}} PRIMARY KEY,
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    number         bigint NOT NULL, -- part of its code
    name           text NOT NULL,
    name_key       text NOT NULL, -- normal.Key of the name
    captain_id     {{.UUID}} NOT NULL REFERENCES users (id),
    code_version   integer NOT NULL,
    created_at     {{.Time}} NOT NULL
);
CREATE UNIQUE INDEX teams_number_key ON teams (competition_id, number);
CREATE UNIQUE INDEX teams_name_key ON teams (competition_id, name_key);
CREATE INDEX teams_captain ON teams (captain_id);
ALTER TABLE competitions ADD COLUMN team text; -- JSON of compete.TeamRules; null: people take part alone
ALTER TABLE competitions ADD COLUMN teams_warned_for {{.Time}}; -- the deadline before which captains of small teams were told
ALTER TABLE competitions ADD COLUMN teams_dropped_for {{.Time}}; -- the deadline at which small teams were cancelled
CREATE INDEX competitions_teams ON competitions (reg_deadline) WHERE team IS NOT NULL;
-- A batch deletes teams before it writes who was in them.
ALTER TABLE registrations ADD COLUMN team_id {{.UUID}} REFERENCES teams (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE registrations ADD COLUMN follows boolean NOT NULL DEFAULT false; -- it goes along with that of the team's captain
ALTER TABLE registrations ADD COLUMN looking boolean NOT NULL DEFAULT false; -- for a team
ALTER TABLE registrations DROP COLUMN seats;
ALTER TABLE registrations ADD COLUMN seats integer NOT NULL
    GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'CONFIRMED', 'OFFERED') AND NOT follows THEN 1 ELSE 0 END)
    {{if .TextVectors}}STORED{{else}}VIRTUAL{{end}};
-- What counts who waits leaves out those who follow, and reads nothing else.
DROP INDEX registrations_status;
CREATE INDEX registrations_status ON registrations (competition_id, status, seq, follows);
DROP INDEX registrations_division_status;
CREATE INDEX registrations_division_status ON registrations (division_id, status, seq, follows) WHERE division_id IS NOT NULL;
CREATE INDEX registrations_team ON registrations (team_id, seq) WHERE team_id IS NOT NULL;
CREATE INDEX registrations_looking ON registrations (competition_id, seq) WHERE looking;
-- While the table is empty, PostgreSQL's planner counts all indexes as equally good and takes the youngest. This must be
-- the one by which a press looks up its person, or each press reads everybody who is registered.
DROP INDEX registrations_user_competition_key;
CREATE UNIQUE INDEX registrations_user_competition_key ON registrations (user_id, competition_id);
ALTER TABLE preparations ADD COLUMN team_name text NOT NULL DEFAULT '';
ALTER TABLE preparations ADD COLUMN team_code text NOT NULL DEFAULT ''; -- sealed
ALTER TABLE preparations ADD COLUMN looking boolean NOT NULL DEFAULT false;

-- +goose Down
-- Whoever goes along with a captain keeps their status, and from now on it counts.
UPDATE competitions SET
    capacity = capacity + (SELECT count(*) FROM registrations r WHERE r.competition_id = competitions.id AND r.follows
        AND r.status IN ('PENDING', 'CONFIRMED', 'OFFERED')),
    waitlisted = waitlisted + (SELECT count(*) FROM registrations r WHERE r.competition_id = competitions.id AND r.follows
        AND r.status = 'WAITLISTED')
    WHERE team IS NOT NULL;
UPDATE divisions SET
    capacity = capacity + (SELECT count(*) FROM registrations r WHERE r.division_id = divisions.id AND r.follows
        AND r.status IN ('PENDING', 'CONFIRMED', 'OFFERED')),
    waitlisted = waitlisted + (SELECT count(*) FROM registrations r WHERE r.division_id = divisions.id AND r.follows
        AND r.status = 'WAITLISTED')
    WHERE competition_id IN (SELECT id FROM competitions WHERE team IS NOT NULL);
ALTER TABLE preparations DROP COLUMN looking;
ALTER TABLE preparations DROP COLUMN team_code;
ALTER TABLE preparations DROP COLUMN team_name;
DROP INDEX registrations_looking;
DROP INDEX registrations_team;
DROP INDEX registrations_division_status;
CREATE INDEX registrations_division_status ON registrations (division_id, status, seq) WHERE division_id IS NOT NULL;
DROP INDEX registrations_status;
CREATE INDEX registrations_status ON registrations (competition_id, status, seq);
ALTER TABLE registrations DROP COLUMN seats;
ALTER TABLE registrations ADD COLUMN seats integer NOT NULL
    GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'CONFIRMED', 'OFFERED') THEN 1 ELSE 0 END)
    {{if .TextVectors}}STORED{{else}}VIRTUAL{{end}};
ALTER TABLE registrations DROP COLUMN looking;
ALTER TABLE registrations DROP COLUMN follows;
ALTER TABLE registrations DROP COLUMN team_id;
DROP INDEX competitions_teams;
ALTER TABLE competitions DROP COLUMN teams_dropped_for;
ALTER TABLE competitions DROP COLUMN teams_warned_for;
ALTER TABLE competitions DROP COLUMN team;
DROP TABLE teams;
