package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"minicompete/internal/app"
	"minicompete/internal/compete"
)

type jobsCommand struct {
	Failed jobsFailed `cmd:"" help:"List the dead letters, newest first."`
	Retry  jobsRetry  `cmd:"" help:"Send dead letters again."`
}

// operator is who gives commands: whoever may run them on the machine may do what an admin may.
var operator = compete.Actor{UserID: "command line", Role: compete.RoleAdmin}

// eachFailedJob calls f for every dead letter.
func eachFailedJob(ctx context.Context, console *app.Console, f func(compete.FailedJob) error) error {
	for cursor := ""; ; {
		page, err := console.ListFailedJobs(ctx, operator, cursor, compete.MaxPageSize)
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
	JSON bool `help:"Print one JSON object a line, with payloads and whole errors."`
}

// Run lists the dead letters.
func (c *jobsFailed) Run(ctx context.Context, env *environment) error {
	return env.withConsole(ctx, func(console *app.Console) error {
		if c.JSON {
			encoder := json.NewEncoder(env.out)
			return eachFailedJob(ctx, console, func(job compete.FailedJob) error { return encoder.Encode(job) })
		}
		table := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tFAILED AT\tKIND\tATTEMPTS\tSENT AGAIN\tERROR")
		err := eachFailedJob(ctx, console, func(job compete.FailedJob) error {
			again := "no"
			if job.RetriedAt != nil {
				again = job.RetriedAt.Format(time.RFC3339)
			}
			_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%.80q\n", job.ID, job.FailedAt.Format(time.RFC3339), job.Kind, job.Attempts, again, job.Error)
			return err
		})
		return errors.Join(err, table.Flush())
	})
}

type jobsRetry struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Ids of dead letters, as 'jobs failed' lists them."`
	All bool     `help:"All that were not sent again yet."`
}

// Run sends dead letters again.
func (c *jobsRetry) Run(ctx context.Context, env *environment) error {
	if (len(c.IDs) == 0) != c.All {
		return wrongUsage{errors.New("name the ids of dead letters, or --all")}
	}
	return env.withConsole(ctx, func(console *app.Console) error {
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
		}
		var failed error
		for _, id := range ids {
			if _, err := console.RetryFailedJob(ctx, operator, id); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %s", id, sentence(err)))
				continue
			}
			fmt.Fprintln(env.out, id, "was sent again.")
		}
		return failed
	})
}
