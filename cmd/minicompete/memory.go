package main

import (
	"os"
	"runtime/debug"
)

// memoryGoal is where the garbage collector begins to work harder. At rest the program needs about a third of it; in a rush
// garbage comes faster than it is collected at the pace below, and without a goal the heap would grow to a multiple of it.
// It is no limit: what is in use may exceed it.
const memoryGoal = 160 << 20

// collectionPace lets the heap grow to four times what is in use before a collection, not to twice: with a heap of some ten
// megabytes and the stacks of hundreds of connections, a fifth of a rush's processor time went into collections.
const collectionPace = 300

// limitMemory sets the goal and the pace, unless the operator chose them.
func limitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectionPace)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
}
