package jobs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/robfig/cron/v3"

	"github.com/minicompete/minicompete/internal/compete"
)

// fillingInterval is how often the sort order "filling" is updated.
const fillingInterval = time.Minute

// periodicJobs lists the jobs that run on a schedule, in the process that leads the cluster. River keeps the schedule
// in memory, so each job also runs when a leader starts, which makes up for missed runs.
func (c *Client) periodicJobs() ([]*river.PeriodicJob, error) {
	reminders, err := parseSchedule(c.config.ReminderSchedule)
	if err != nil {
		return nil, fmt.Errorf("reminder schedule: %w", err)
	}
	cleanUp, err := parseSchedule(c.config.CleanUpSchedule)
	if err != nil {
		return nil, fmt.Errorf("cleanup schedule: %w", err)
	}
	return []*river.PeriodicJob{
		periodic(reminders, findRemindersJob{}),
		periodic(cleanUp, cleanUpJob{}),
		periodic(river.PeriodicInterval(fillingInterval), refreshFillingJob{}),
	}, nil
}

// periodic enqueues a job on a schedule.
func periodic(when river.PeriodicSchedule, job compete.Job) *river.PeriodicJob {
	return river.NewPeriodicJob(when, func() (river.JobArgs, *river.InsertOpts) {
		return job, insertOptions(job)
	}, &river.PeriodicJobOpts{ID: job.Kind(), RunOnStart: true})
}

// schedule is a cron expression in UTC.
type schedule struct{ cron.Schedule }

// Next implements river.PeriodicSchedule.
func (s schedule) Next(t time.Time) time.Time { return s.Schedule.Next(t.UTC()) }

// parseSchedule parses a five-field cron expression, or a shorthand such as @daily. It refuses one that is never due,
// and one with a time zone: every schedule is in UTC.
func parseSchedule(text string) (schedule, error) {
	if strings.Contains(text, "TZ=") {
		return schedule{}, errors.New("must not name a time zone; schedules are in UTC")
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return schedule{}, fmt.Errorf("must be five cron fields: minute, hour, day of month, month, day of week: %w",
			err)
	}
	s := schedule{parsed}
	if s.Next(time.Now()).IsZero() {
		return schedule{}, errors.New("matches no date")
	}
	return s, nil
}
