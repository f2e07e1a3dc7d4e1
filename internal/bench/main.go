// Command bench measures the figures of docs/PERFORMANCE.md and prints them; it asserts nothing.
//
// It starts the real binary in a separate process and registers over real HTTP from this one, on the same machine. In
// the same run, it measures what the machine is capable of: a bare group commit and the textbook row lock. It only
// connects to 127.0.0.1, every load is bounded in count, and it ends everything that it starts.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	binary       string
	before       string
	postgres     string
	databases    string
	only         string
	contenders   string
	participants int
	connections  int
	rounds       int
	sizes        string
	filled       string
	looks        string
	alone        bool
	largest      int
	crowd        int
	overload     time.Duration
	applications int
	standby      string
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/minicompete", "the program to measure")
	flag.StringVar(&o.before, "before", "",
		"a directory with the program and this command of an earlier commit, minicompete and bench, to compare "+
			"with (rush)")
	flag.StringVar(&o.postgres, "postgres", os.Getenv("TEST_POSTGRES_URL"),
		"a PostgreSQL server where databases can be created")
	flag.StringVar(&o.databases, "databases", "sqlite,postgres", "databases to measure")
	flag.StringVar(&o.only, "only", "rush,reads,streams,start,logins,opening,overload,floods,release,draw",
		"parts to measure: rush, rushes, reads, streams, start, logins, opening, overload, floods, release, draw, "+
			"scale, replica")
	flag.StringVar(&o.contenders, "contenders", "product,prepared,bare,textbook", "servers to compare in a rush")
	flag.IntVar(&o.participants, "participants", 10_000, "participants per rush")
	flag.IntVar(&o.connections, "connections", 256, "connections shared by the participants")
	flag.IntVar(&o.rounds, "rounds", 5, "number of rushes; the median is printed")
	flag.StringVar(&o.sizes, "sizes", "10000,100000",
		"numbers of competitions to compare, with ten registrations for each (scale)")
	flag.StringVar(&o.filled, "filled", "",
		"instead of new databases, the URLs of some that 'minicompete seed --users …' has "+
			"filled, smallest first (scale)")
	flag.StringVar(&o.looks, "looks", "", "only those lines of the table that the expression matches (scale)")
	flag.BoolVar(&o.alone, "alone", false, "only one connection at a time: for a machine with other work (scale)")
	flag.IntVar(&o.largest, "largest", 200_000, "registrations of the largest competition (scale)")
	flag.IntVar(&o.crowd, "crowd", 5_000, "connections that press again and again (overload)")
	flag.DurationVar(&o.overload, "for", 30*time.Second, "how long they do (overload)")
	flag.IntVar(&o.applications, "applications", 100_000, "applications to draw (draw)")
	flag.StringVar(&o.standby, "standby", "", "a hot standby of the PostgreSQL server (replica)")
	child := flag.String("serve", "", "for internal use: serve the baseline 'bare' or 'textbook'")
	database := flag.String("database", "", "for internal use: the baseline's database")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *child != "" {
		err = serveBaseline(ctx, *child, *database)
	} else {
		err = run(ctx, o)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	fmt.Printf("Machine: %d cores, %s/%s, %s; load generator and databases on the same machine\n", runtime.NumCPU(),
		runtime.GOOS, runtime.GOARCH, runtime.Version())
	for kind := range strings.SplitSeq(o.databases, ",") {
		if kind == "postgres" && o.postgres == "" && o.filled == "" {
			return fmt.Errorf("no PostgreSQL server: run 'make bench', which starts one, or use -postgres")
		}
		if err := measure(ctx, o, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func measure(ctx context.Context, o options, kind string) error {
	parts := map[string]func(context.Context, options, string) error{
		"rush": measureRush, "rushes": measureRushes, "reads": measureReads,
		"streams": measureStreams, "start": measureStart, "logins": measureLogIns, "overload": measureOverload,
		"opening": measureOpening, "floods": measureFloods,
		"release": measureRelease, "draw": measureDraw, "scale": measureScale, "replica": measureReplica,
	}
	for part := range strings.SplitSeq(o.only, ",") {
		f, ok := parts[part]
		if !ok {
			return fmt.Errorf("unknown part %q: use %s", part, strings.Join(slices.Sorted(maps.Keys(parts)), ", "))
		}
		if err := f(ctx, o, kind); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}
