-- How many failed jobs wait for somebody to retry them is read without those that were retried.

-- +goose Up
CREATE INDEX failed_jobs_open ON failed_jobs (failed_at) WHERE retried_at IS NULL;

-- +goose Down
DROP INDEX failed_jobs_open;
