-- How many open reports a competition has is kept, so that those with most are found without counting all.

-- +goose Up
CREATE TABLE reported (
    competition_id {{.UUID}} PRIMARY KEY REFERENCES competitions (id) ON DELETE CASCADE,
    open           integer NOT NULL
){{.Keyed}};
CREATE INDEX reported_most ON reported (open DESC, competition_id);
INSERT INTO reported (competition_id, open) SELECT competition_id, count(*) FROM reports WHERE status = 'OPEN' GROUP BY competition_id;
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION reported() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND old.status = 'OPEN' THEN
        UPDATE reported SET open = open - 1 WHERE competition_id = old.competition_id;
        DELETE FROM reported WHERE competition_id = old.competition_id AND open = 0;
    END IF;
    IF TG_OP <> 'DELETE' AND new.status = 'OPEN' THEN
        INSERT INTO reported (competition_id, open) VALUES (new.competition_id, 1)
            ON CONFLICT (competition_id) DO UPDATE SET open = reported.open + 1;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER reported AFTER INSERT OR DELETE OR UPDATE OF status ON reports FOR EACH ROW EXECUTE FUNCTION reported();
{{else}}
-- +goose StatementBegin
CREATE TRIGGER reported_more AFTER INSERT ON reports WHEN new.status = 'OPEN' BEGIN
    INSERT INTO reported (competition_id, open) VALUES (new.competition_id, 1) ON CONFLICT (competition_id) DO UPDATE SET open = open + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER reported_less AFTER DELETE ON reports WHEN old.status = 'OPEN' BEGIN
    UPDATE reported SET open = open - 1 WHERE competition_id = old.competition_id;
    DELETE FROM reported WHERE competition_id = old.competition_id AND open = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER reported_answered AFTER UPDATE OF status ON reports WHEN old.status = 'OPEN' AND new.status <> 'OPEN' BEGIN
    UPDATE reported SET open = open - 1 WHERE competition_id = old.competition_id;
    DELETE FROM reported WHERE competition_id = old.competition_id AND open = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER reported_again AFTER UPDATE OF status ON reports WHEN old.status <> 'OPEN' AND new.status = 'OPEN' BEGIN
    INSERT INTO reported (competition_id, open) VALUES (new.competition_id, 1) ON CONFLICT (competition_id) DO UPDATE SET open = open + 1;
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
{{if .TextVectors}}
DROP TRIGGER reported ON reports;
DROP FUNCTION reported();
{{else}}
DROP TRIGGER reported_more;
DROP TRIGGER reported_less;
DROP TRIGGER reported_answered;
DROP TRIGGER reported_again;
{{end}}
DROP TABLE reported;
