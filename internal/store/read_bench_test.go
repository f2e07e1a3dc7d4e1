package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// BenchmarkRead is the cost of what visitors read, without HTTP, with a thousand competitions: one after the other, and
// by many at once who want the same or different ones.
func BenchmarkRead(b *testing.B) {
	for _, kind := range testservices.Databases(b) {
		b.Run(kind, func(b *testing.B) {
			db, ids := benchmarkCompetitions(b, testservices.DatabaseURL(b, kind))
			ctx := b.Context()
			one := func(i int) error {
				_, err := db.Competition(ctx, ids[i%len(ids)])
				return err
			}
			same := func(int) error { return one(0) }
			list := func(filter compete.CompetitionFilter) func(int) error {
				return func(int) error {
					filter := filter
					filter.Limit, filter.Now = 20, time.Now()
					page, err := db.Competitions(ctx, filter)
					if err == nil && len(page.Items) != 20 {
						err = fmt.Errorf("a page of %d", len(page.Items))
					}
					return err
				}
			}
			newest := list(compete.CompetitionFilter{Sort: compete.SortNewest})
			benchmarkSerial(b, "one", one)
			benchmarkSerial(b, "list", newest)
			benchmarkSerial(b, "list by deadline", list(compete.CompetitionFilter{Sort: compete.SortDeadline}))
			benchmarkSerial(b, "list by search",
				list(compete.CompetitionFilter{Sort: compete.SortNewest, Search: "benchmark com"}))
			benchmarkSerial(b, "list by tag",
				list(compete.CompetitionFilter{Sort: compete.SortNewest, Tags: []string{"go"}}))
			benchmarkTogether(b, "one, different ones together", one)
			benchmarkTogether(b, "one, the same together", same)
			benchmarkTogether(b, "list, together", newest)
		})
	}
}

func benchmarkSerial(b *testing.B, name string, read func(int) error) {
	b.Run(name, func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if err := read(i); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkTogether(b *testing.B, name string, read func(int) error) {
	b.Run(name, func(b *testing.B) {
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if err := read(i); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func benchmarkCompetitions(b *testing.B, url string) (*store.Store, []string) {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := db.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	now := compete.UTC(time.Now())
	organizer := compete.User{
		ID: uuid.Must(uuid.NewV7()).String(), Email: "o@example.com", Name: "Ada",
		Role: compete.RoleOrganizer, CreatedAt: now, UpdatedAt: now,
	}
	if err := db.CreateUser(ctx, organizer, "x"); err != nil {
		b.Fatal(err)
	}
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7()).String()
		start := now.Add(48 * time.Hour)
		if _, err := db.CreateCompetition(ctx, compete.Competition{
			ID: ids[i],
			CompetitionContent: compete.CompetitionContent{
				Title: fmt.Sprint("Benchmark competition ", i), Location: "Hall 3",
				Tags: []string{"go", "sql", "speed"}, Capacity: 100, RegDeadline: now.Add(24 * time.Hour),
				StartDate: &start,
			},
			Description: "Some text of an ordinary length, as an organizer would write it.", SeatsLeft: 100,
			Status: compete.StatusPublished, Organizer: compete.Organizer{ID: organizer.ID}, Version: 1,
			CreatedAt: now.Add(time.Duration(i) * time.Second), UpdatedAt: now,
		}, compete.IdempotencyRecord{}); err != nil {
			b.Fatal(err)
		}
	}
	return db, ids
}
