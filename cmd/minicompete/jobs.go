package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/compete"
)

type jobsCommand struct {
	Failed jobsFailed `cmd:"" help:"List failed jobs, newest first."`
	Retry  jobsRetry  `cmd:"" help:"Retry failed jobs."`
}

// operator is the actor of commands: anyone who may run them on the machine may do what an admin may.
var operator = compete.Actor{UserID: "command line", Role: compete.RoleAdmin, LoggedInAt: time.Now()}

// eachFailedJob calls f for every failed job.
func eachFailedJob(ctx context.Context, console *app.Console, f func(compete.FailedJob) error) error {
	for cursor := ""; ; {
		page, err := console.FailedJobs.List(ctx, operator, cursor, compete.MaxPageSize)
		if err != nil {
			return err
		}
		for _, job := range page.Items {
			if err := f(job); err != nil {
				return err
			}
		}
		if page.Next.IsZero() {
			return nil
		}
		cursor = page.Next.String()
	}
}

type jobsFailed struct {
	JSON bool `help:"Print one JSON object per line, with payloads and full errors."`
}

// Run lists the failed jobs.
func (c *jobsFailed) Run(ctx context.Context, env *environment) error {
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		if c.JSON {
			encoder := json.NewEncoder(env.out)
			return eachFailedJob(ctx, console, func(job compete.FailedJob) error { return encoder.Encode(job) })
		}
		table := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
		heading := "ID\tFAILED AT\tKIND\tATTEMPTS\tRETRIED AT\tERROR\n"
		err := eachFailedJob(ctx, console, func(job compete.FailedJob) error {
			again := "never"
			if job.RetriedAt != nil {
				again = job.RetriedAt.Format(time.RFC3339)
			}
			_, err := fmt.Fprintf(table, "%s%s\t%s\t%s\t%d\t%s\t%.80q\n", heading,
				job.ID, job.FailedAt.Format(time.RFC3339), job.Kind, job.Attempts, again, job.Error)
			heading = ""
			return err
		})
		if err == nil && heading != "" {
			_, err = fmt.Fprintln(env.out, "There are no failed jobs.")
		}
		return errors.Join(err, table.Flush())
	})
}

type jobsRetry struct {
	IDs []string `arg:"" optional:"" name:"id" help:"IDs of failed jobs, as listed by 'jobs failed'."`
	All bool     `help:"Retry all that haven't been retried yet."`
}

// Run retries failed jobs.
func (c *jobsRetry) Run(ctx context.Context, env *environment) error {
	if (len(c.IDs) == 0) != c.All {
		return wrongUsage{errors.New("give the IDs of failed jobs, or use --all")}
	}
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		ids := c.IDs
		if c.All {
			err := eachFailedJob(ctx, console, func(job compete.FailedJob) error {
				if job.RetriedAt == nil {
					ids = append(ids, job.ID)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				fmt.Fprintln(env.out, "There are no failed jobs to retry.")
			}
		}
		var failed error
		for _, id := range ids {
			if _, err := console.FailedJobs.Retry(ctx, operator, id); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %s", id, sentence(err)))
				continue
			}
			fmt.Fprintln(env.out, "Retrying", id)
		}
		return failed
	})
}
