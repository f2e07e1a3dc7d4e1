-- The audit log: who changed what, when, from where. People and competitions are named by id alone, without a foreign key: the log outlives them.

-- +goose Up
CREATE TABLE audit (
    id             {{.UUID}} PRIMARY KEY, -- UUID v7 of its time: the order of the log
    at             {{.Time}} NOT NULL,
    action         text NOT NULL,
    actor_id       {{.UUID}}, -- who did it; null: nobody who was logged in, the command line, a job
    user_id        {{.UUID}}, -- the account that it's about; null: the actor's own, or none
    competition_id {{.UUID}},
    subject_id     {{.UUID}},
    before         text, -- JSON
    after          text, -- JSON
    via            text NOT NULL CHECK (via IN ('page', 'api', 'cli', 'job')),
    address        text NOT NULL DEFAULT '',
    request_id     text NOT NULL DEFAULT ''
){{.Keyed}};
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_actor ON audit (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_user ON audit (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_competition ON audit (competition_id, id) WHERE competition_id IS NOT NULL;
CREATE INDEX audit_address ON audit (id) WHERE address <> ''; -- for the clean-up, which erases those that are old

-- What the registrar's transactions leave for the log: one row each, because a rush has no time for one for each press. Reading the log,
-- or a worker, moves it there.
CREATE TABLE audit_batches (
    id      {{.UUID}} PRIMARY KEY, -- of the batch
    records {{.Bytes}} NOT NULL -- see compete.EncodeAudit
);

-- The log only grows. A record that is older than 30 days may be deleted, an address may be erased, and so may what a change was, which has
-- the titles of drafts that were deleted along with their organizer's account; nothing else, by nobody.
{{if .TextVectors}}
ALTER TABLE audit_batches ALTER COLUMN records SET STORAGE EXTERNAL; -- it's gone in a moment: compressing it doesn't pay
-- +goose StatementBegin
CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op = 'DELETE' THEN
        IF old.at < now() - interval '30 days' THEN
            RETURN old;
        END IF;
    ELSIF tg_op = 'UPDATE' THEN
        IF new.address = '' THEN
            old.address := '';
        END IF;
        IF new.before IS NULL AND new.after IS NULL THEN
            old.before := NULL;
            old.after := NULL;
        END IF;
        IF new IS NOT DISTINCT FROM old THEN
            RETURN new;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept();
CREATE TRIGGER audit_kept_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
{{else}}
-- +goose StatementBegin
CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit WHEN old.at >= (unixepoch() - 30 * 86400) * 1000000 BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit WHEN new.address NOT IN ('', old.address)
    OR (new.id, new.at, new.action, new.via, new.request_id) <> (old.id, old.at, old.action, old.via, old.request_id)
    OR new.actor_id IS NOT old.actor_id OR new.user_id IS NOT old.user_id OR new.competition_id IS NOT old.competition_id
    OR new.subject_id IS NOT old.subject_id
    OR (new.before IS NOT NULL OR new.after IS NOT NULL) AND (new.before IS NOT old.before OR new.after IS NOT old.after)
BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
{{end}}

-- +goose Down
DROP TABLE audit_batches;
DROP TABLE audit;
{{if .TextVectors}}
DROP FUNCTION audit_kept();
{{end}}
