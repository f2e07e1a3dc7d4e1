package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// memoryGoal is where the garbage collector begins to work harder. At rest the program needs about a third of it; in a
// rush garbage comes faster than it is collected at the pace below, and without a goal the heap would grow to a
// multiple of it. It is no limit: what is in use may exceed it.
const memoryGoal = 160 << 20

// collectionPace lets the heap grow to four times what is in use before a collection, not to twice: with a heap of some
// ten megabytes and the stacks of hundreds of connections, a fifth of a rush's processor time went into collections.
const collectionPace = 300

// limitMemory sets the goal and the pace, unless the operator chose them.
func limitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectionPace)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
		afterCollection(raiseGoal)
	}
}

// raiseGoal leaves room for garbage beside what is in use, a third of it. A goal that what is in use alone exceeds has
// the collector work all the time: with the stacks of 5,000 requests that took half of the processor time, and let
// presses wait for seconds.
func raiseGoal() {
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(inUse)
	used := int64(inUse[0].Value.Uint64() + inUse[1].Value.Uint64()) //nolint:gosec // no memory is that large
	debug.SetMemoryLimit(max(memoryGoal, used+used/3))
	afterCollection(raiseGoal)
}

// afterCollection calls f once, when the next collection has ended.
func afterCollection(f func()) {
	garbage := &struct{ itself any }{}
	runtime.AddCleanup(garbage, func(f func()) { f() }, f)
}
