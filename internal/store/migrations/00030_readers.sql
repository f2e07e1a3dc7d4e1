-- What messages and open pages know of who reads them: their time zone, and what was removed of theirs.

-- +goose Up
ALTER TABLE users ADD COLUMN time_zone text NOT NULL DEFAULT ''; -- IANA name; empty: not known
ALTER TABLE users ADD COLUMN time_zone_chosen boolean NOT NULL DEFAULT false; -- by the person; else it is what the browser last said
CREATE INDEX registrations_removed ON registrations (user_id) WHERE cancel_reason = 'ORGANIZER';

-- +goose Down
DROP INDEX registrations_removed;
ALTER TABLE users DROP COLUMN time_zone_chosen;
ALTER TABLE users DROP COLUMN time_zone;
