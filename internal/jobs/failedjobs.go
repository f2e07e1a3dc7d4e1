package jobs

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

// failureHandler is River's error handler: it logs each failed attempt, and stores the job after the last one.
type failureHandler struct{ client *Client }

// HandleError implements river.ErrorHandler.
func (h failureHandler) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	h.handle(traceOf(ctx, err), job, errorText(err))
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (h failureHandler) HandlePanic(
	ctx context.Context, job *rivertype.JobRow, value any, trace string,
) *river.ErrorHandlerResult {
	text := errorText(fmt.Errorf("panic: %v", value))
	h.client.config.Logger.ErrorContext(ctx, "a job panicked", describe(job), "error", text, "trace", trace)
	h.handle(ctx, job, text)
	return nil
}

func (h failureHandler) handle(ctx context.Context, job *rivertype.JobRow, text string) {
	logger := h.client.config.Logger
	if job.Attempt < job.MaxAttempts {
		logger.WarnContext(ctx, "a job failed and will be retried", describe(job), "error", text)
		return
	}
	logger.ErrorContext(ctx, "a job failed for the last time; see the failed jobs", describe(job), "error", text)
	// If this fails, the sweep over discarded jobs makes up for it.
	if err := h.client.saveFailedJob(ctx, job, text, h.client.config.Clock()); err != nil {
		logger.WarnContext(ctx, "could not save a failed job; trying again soon", describe(job),
			"error", errorText(err))
	}
}

func (c *Client) saveFailedJob(ctx context.Context, job *rivertype.JobRow, text string, failedAt time.Time) error {
	payload, err := c.undone(ctx, job)
	if err == nil {
		err = c.config.Store.SaveFailedJob(ctx, compete.FailedJob{
			ID: c.config.NewID(), JobID: job.ID, Queue: job.Queue, Kind: job.Kind, Payload: payload,
			Error: text, Attempts: job.Attempt, FailedAt: compete.UTC(failedAt),
		})
	}
	if err != nil {
		return fmt.Errorf("save failed job %d: %w", job.ID, err)
	}
	return nil
}

// discardedSweep stores discarded jobs that no error handler has seen, because their process was killed during the last
// attempt.
type discardedSweep struct {
	client *Client
	until  time.Time // jobs discarded earlier were covered by a previous run
}

// sweepOverlap is how much of the period covered by a previous run is checked again: a commit may become visible after
// a more recent one.
const sweepOverlap = time.Minute

// run checks discarded jobs, newest first, back to the previous run. The first run checks all.
func (s *discardedSweep) run(ctx context.Context) error {
	started := time.Now()
	params := river.NewJobListParams().States(rivertype.JobStateDiscarded).
		OrderBy(river.JobListOrderByFinalizedAt, river.SortOrderDesc).First(s.client.config.PageSize)
	for {
		page, err := s.client.river.JobList(ctx, params)
		if err != nil {
			return fmt.Errorf("list discarded jobs: %w", err)
		}
		for _, job := range page.Jobs {
			if job.FinalizedAt.Before(s.until) {
				s.until = started.Add(-sweepOverlap)
				return nil
			}
			if err := s.client.saveFailedJob(ctx, job, lastError(job), *job.FinalizedAt); err != nil {
				return err
			}
		}
		if len(page.Jobs) < s.client.config.PageSize {
			s.until = started.Add(-sweepOverlap)
			return nil
		}
		params = params.After(page.LastCursor)
	}
}

func lastError(job *rivertype.JobRow) string {
	if len(job.Errors) == 0 {
		return "the process was killed in the last attempt"
	}
	return cleaned(job.Errors[len(job.Errors)-1].Error)
}

// discardedJobsAge returns how long River keeps discarded jobs: half as long as failed jobs are kept, so that the sweep
// never finds one again after its failed job was cleaned up.
func (c *Client) discardedJobsAge() time.Duration {
	return max(c.config.CleanUpAges.FailedJobs/2, time.Minute)
}

// errorText returns the text of an error for operators; participants never see it.
func errorText(err error) string { return cleaned(err.Error()) }

// maxErrorText bounds a stored error, in bytes.
const maxErrorText = 2000

// secrets matches credentials in the formats of connection strings and drivers: the user part of a URL, and key=value.
var secrets = regexp.MustCompile(`://[^\s/@]+@|(?i)\b(password|passwd|secret|token)=\S+`)

// cleaned removes secrets, and characters that a database can't store as text.
func cleaned(text string) string {
	text = secrets.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "://") {
			return "://…@"
		}
		return found[:strings.IndexByte(found, '=')+1] + "…"
	})
	text = strings.ReplaceAll(text, "\x00", "")
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	return strings.ToValidUTF8(text, "")
}
