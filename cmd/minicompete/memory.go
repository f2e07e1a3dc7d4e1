package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/minicompete/minicompete/internal/config"
)

// The heap sizes from which the garbage collector works harder. Idle, the program needs about a third of them; in a
// rush, garbage is created faster than it is collected at the pace below, and without a goal the heap would grow to a
// multiple of it. They are not limits: memory in use may exceed them. The program itself takes some 30 MB more, and
// SQLite, whose memory isn't part of the heap, another 40.
const (
	memoryGoal           = 112 << 20
	memoryGoalWithSQLite = 72 << 20
)

// crowd is the memory in use from which the goal rises by crowdGoal at once. Thousands of connections take more, 5,000
// open pages less. Raised only step by step while a crowd came in, the goal had the collector work nearly without a
// pause just then. With what lies outside the heap, the program took less than 400 MB with 10,000 connections.
const (
	crowd     = 96 << 20
	crowdGoal = 176 << 20
)

// room is the least that is left for garbage: with less, collections of thousands of open pages would follow each other
// too soon.
const room = 40 << 20

// collectionPace lets the heap grow to four times the memory in use before a collection, instead of twice: with a heap
// of some ten megabytes and the stacks of hundreds of connections, collections took a fifth of a rush's processor time.
const collectionPace = 300

// limitMemory sets the goal and the pace, unless the operator configured them.
func limitMemory(database config.URL) {
	goal := int64(memoryGoal)
	if _, isSQLite := database.SQLitePath(); isSQLite {
		goal = memoryGoalWithSQLite
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectionPace)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(goal)
		afterCollection(func() { raise(goal) })
	}
}

// raise leaves room for garbage, at least a third of the memory in use. If the memory in use exceeds the goal, the
// collector runs continuously: with the stacks of 5,000 requests that took half of the processor time, and
// registrations waited for seconds.
func raise(goal int64) {
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(inUse)
	used := int64(inUse[0].Value.Uint64() + inUse[1].Value.Uint64()) //nolint:gosec // no memory is that large
	debug.SetMemoryLimit(raised(goal, used))
	afterCollection(func() { raise(goal) })
}

func raised(goal, used int64) int64 {
	if used > crowd {
		goal += crowdGoal
	}
	return max(goal, used+max(used/3, room))
}

// afterCollection calls f once, after the next collection.
func afterCollection(f func()) {
	garbage := &struct{ itself any }{}
	runtime.AddCleanup(garbage, func(f func()) { f() }, f)
}
