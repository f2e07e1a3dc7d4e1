package compete

import (
	"context"
)

// FailedJobsConfig lists the dependencies of NewFailedJobs.
type FailedJobsConfig struct {
	Runtime
	Store FailedJobStore
}

// FailedJobs lists and retries jobs that ran out of attempts, for admins and the command line.
type FailedJobs struct{ config FailedJobsConfig }

// NewFailedJobs creates the service. It panics if a dependency is missing.
func NewFailedJobs(c FailedJobsConfig) *FailedJobs {
	mustBeComplete(c)
	return &FailedJobs{c}
}

// List lists the failed jobs, newest first, for admins.
func (s *FailedJobs) List(ctx context.Context, a Actor, cursor string, limit int) (Page[FailedJob], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[FailedJob]{}, err
	}
	at, limit, err := listing(validation{}, "failed", cursor, limit)
	if err != nil {
		return Page[FailedJob]{}, err
	}
	return s.config.Store.FailedJobs(ctx, at, limit)
}

// CountOpen counts the failed jobs that were not retried, up to most, for admins.
func (s *FailedJobs) CountOpen(ctx context.Context, a Actor, most int) (int, error) {
	if err := require(a, RoleAdmin); err != nil {
		return 0, err
	}
	return s.config.Store.OpenFailedJobs(ctx, most)
}

// Retry enqueues a failed job again, for admins. Errors: ErrFailedJobMissing, ErrFailedJobRetried.
func (s *FailedJobs) Retry(ctx context.Context, a Actor, id string) (FailedJob, error) {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return FailedJob{}, err
	}
	if !ValidID(id) {
		return FailedJob{}, ErrFailedJobMissing
	}
	return s.config.Store.RetryFailedJob(ctx, id, s.config.now())
}
