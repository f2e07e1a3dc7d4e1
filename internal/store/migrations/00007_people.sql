-- Why a registration was cancelled, and what staff said when they removed somebody; competitions that an admin unpublished.

-- +goose Up
ALTER TABLE registrations ADD COLUMN cancel_reason text NOT NULL DEFAULT ''
    CHECK (cancel_reason IN ('', 'SELF', 'ORGANIZER', 'EXPIRED', 'COMPETITION', 'INCOMPLETE_TEAM', 'ERASED'));
ALTER TABLE registrations ADD COLUMN removal_reason text NOT NULL DEFAULT ''; -- told to the person
ALTER TABLE registrations ADD COLUMN removal_note text NOT NULL DEFAULT ''; -- for staff alone
ALTER TABLE registrations ADD COLUMN blocked boolean NOT NULL DEFAULT false; -- may not register again
ALTER TABLE competitions ADD COLUMN unpublished boolean NOT NULL DEFAULT false; -- a draft that was published before

-- Those who were cancelled together with their competition have a message that says so; of the others nothing is known.
UPDATE registrations SET cancel_reason = 'COMPETITION' WHERE status = 'CANCELLED' AND EXISTS (
    SELECT 1 FROM messages m WHERE m.registration_id = registrations.id AND m.seq = registrations.seq AND m.kind = 'competition_cancelled');

-- +goose Down
ALTER TABLE competitions DROP COLUMN unpublished;
ALTER TABLE registrations DROP COLUMN blocked;
ALTER TABLE registrations DROP COLUMN removal_note;
ALTER TABLE registrations DROP COLUMN removal_reason;
ALTER TABLE registrations DROP COLUMN cancel_reason;
