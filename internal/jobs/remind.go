package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// reminderLead is how long before the start of a competition its participants are reminded.
const reminderLead = 24 * time.Hour

// findRemindersJob looks for competitions that start soon.
type findRemindersJob struct{}

// Kind names the job.
func (findRemindersJob) Kind() string { return "find_reminders" }

// Options implements compete.Job.
func (findRemindersJob) Options() compete.JobOptions {
	return compete.JobOptions{Queue: compete.QueueReminder, Once: true}
}

// jointPages is how many pages of registrations the competitions of a RemindJointlyJob have together.
const jointPages = 4

// findReminders enqueues jobs for the competitions that start within reminderLead, page by page: one for each that has
// more than a page of people, and one for several others together, since the queue takes longer for a job than it takes
// to remind a few people.
func (c *Client) findReminders(ctx context.Context, _ *river.Job[findRemindersJob]) error {
	from := compete.UTC(c.config.Clock())
	to := from.Add(reminderLead)
	for afterID := ""; ; {
		competitions, err := c.config.Store.StartingBetween(ctx, from, to, afterID, c.config.PageSize)
		if err != nil {
			return fmt.Errorf("find competitions that start soon: %w", err)
		}
		jobs := reminderJobs(competitions, c.config.PageSize)
		if err := c.inTx(ctx, func(tx *sql.Tx) error { return c.EnqueueTx(ctx, tx, jobs) }); err != nil {
			return err
		}
		if len(competitions) < c.config.PageSize {
			return nil
		}
		last := competitions[len(competitions)-1]
		from, afterID = *last.StartDate, last.ID
	}
}

// reminderJobs returns the jobs that remind everyone in the competitions. How many that are is only estimated: where a
// seat is for a team, it is more.
func reminderJobs(competitions []compete.Competition, pageSize int) (jobs []compete.Job) {
	joint, people := map[string]time.Time{}, 0
	for _, competition := range competitions {
		seated := competition.Capacity - competition.SeatsLeft
		if seated > pageSize {
			jobs = append(jobs, compete.RemindJob{CompetitionID: competition.ID, StartDate: *competition.StartDate})
			continue
		}
		joint[competition.ID] = *competition.StartDate
		if people += seated; people >= jointPages*pageSize {
			jobs = append(jobs, compete.RemindJointlyJob{Starts: joint})
			joint, people = map[string]time.Time{}, 0
		}
	}
	if len(joint) > 0 {
		jobs = append(jobs, compete.RemindJointlyJob{Starts: joint})
	}
	return jobs
}

// remind runs a RemindJob page by page.
func (c *Client) remind(ctx context.Context, job *river.Job[compete.RemindJob]) error {
	return inPages(ctx, c, job, func(args *compete.RemindJob) (last bool, err error) {
		targets, next, err := c.config.Store.ReminderTargets(ctx, args.CompetitionID, args.AfterSeq, c.config.PageSize)
		if err != nil {
			return false, fmt.Errorf("find who to remind: %w", err)
		}
		if len(targets) > 0 && !c.remindable(&targets[0].Competition, args.StartDate) {
			return true, nil
		}
		args.AfterSeq = next
		return next == 0, c.tellPage(ctx, targets)
	})
}

// remindJointly runs a RemindJointlyJob page by page.
func (c *Client) remindJointly(ctx context.Context, job *river.Job[compete.RemindJointlyJob]) error {
	ids := slices.Sorted(maps.Keys(job.Args.Starts))
	return inPages(ctx, c, job, func(args *compete.RemindJointlyJob) (last bool, err error) {
		targets, next, err := c.config.Store.JointReminderTargets(ctx, ids, args.After, c.config.PageSize)
		if err != nil {
			return false, fmt.Errorf("find who to remind: %w", err)
		}
		targets = slices.DeleteFunc(targets, func(t compete.Target) bool {
			return !c.remindable(&t.Competition, args.Starts[t.Competition.ID])
		})
		args.After = next
		return next == compete.ReminderPlace{}, c.tellPage(ctx, targets)
	})
}

// inPages runs a job page by page, with one page in memory. page processes the page that the job's arguments name, and
// updates them to name the next. When the time slice is over or the process stops, the rest continues as a new job from
// there.
func inPages[T compete.Job](
	ctx context.Context, c *Client, job *river.Job[T], page func(*T) (last bool, err error),
) error {
	args := job.Args
	for end := time.Now().Add(timeSlice); ; {
		last, err := page(&args)
		if last || err != nil {
			return err
		}
		if c.stopping.Err() != nil || time.Now().After(end) {
			left := []compete.Job{args}
			return replace(ctx, c, job, func(tx *sql.Tx) error { return c.EnqueueTx(ctx, tx, left) })
		}
	}
}

// remindable reports whether the competition still matches the job: it takes place, has the same start, and hasn't
// started. A moved competition gets a new job for its new date.
func (c *Client) remindable(competition *compete.Competition, startDate time.Time) bool {
	return competition.Status == compete.StatusPublished && competition.StartDate != nil &&
		competition.StartDate.Equal(startDate) && !competition.Started(c.config.Clock())
}

// tellPage writes the messages of a page; those that can't be written continue as jobs of their own.
func (c *Client) tellPage(ctx context.Context, targets []compete.Target) error {
	failures, err := isolateFailures(ctx, targets,
		func(some []compete.Target) error { return c.deliverer.write(ctx, some) })
	if err != nil || len(failures) == 0 {
		return err
	}
	notices := make([]compete.Notice, 0, len(failures))
	for _, f := range failures {
		notices = append(notices, f.item.Notice)
	}
	return c.inTx(ctx, func(tx *sql.Tx) error { return c.enqueueOnceTx(ctx, tx, notices) })
}
