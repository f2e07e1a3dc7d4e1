-- What the counts behind the order "filling" were before each refresh, so that the pages of a list go on with the counts it began with.

-- +goose Up
CREATE TABLE filling_changes (
    competition_id {{.UUID}} NOT NULL REFERENCES competitions (id) ON DELETE CASCADE,
    refresh        bigint NOT NULL, -- counts up, by one for each refresh that changed something
    was            integer NOT NULL, -- competitions.filling before it
    at             {{.Time}} NOT NULL,
    PRIMARY KEY (competition_id, refresh)
){{.Keyed}};
CREATE INDEX filling_changes_refresh ON filling_changes (refresh);

-- +goose Down
DROP TABLE filling_changes;
