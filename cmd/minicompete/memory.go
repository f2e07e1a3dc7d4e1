package main

import (
	"os"
	"runtime/debug"
)

// memoryGoal is where the garbage collector begins to work harder. At rest the program needs about a third of it; in a rush
// garbage comes faster than the default pace collects it, and without a goal the heap would double before each collection.
// It is no limit: what is in use may exceed it.
const memoryGoal = 160 << 20

// limitMemory sets the goal, unless the operator chose one.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
}
