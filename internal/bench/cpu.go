package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// spent returns the processor time used so far by the program and by PostgreSQL's processes for its database, to the
// nanosecond. Unlike response times, it hardly depends on what else the machine is doing. It is less, or 0, where /proc
// lacks the information: on other systems, or for servers on other machines.
func (s *scaled) spent() (total time.Duration) {
	total = ran(strconv.Itoa(s.cmd.Process.Pid))
	if s.database == "" {
		return total
	}
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is good
	for _, path := range commands {
		command, err := os.ReadFile(path)
		if err == nil && bytes.HasPrefix(command, []byte("postgres: ")) && bytes.Contains(command, []byte(s.database)) {
			total += ran(strings.Split(path, "/")[2])
		}
	}
	return total
}

// ran returns how long a process has run, in all its threads (Linux's sched-stats.rst).
func ran(pid string) (total time.Duration) {
	threads, _ := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		first, _, _ := strings.Cut(string(stat), " ")
		nanoseconds, _ := strconv.ParseInt(first, 10, 64)
		total += time.Duration(nanoseconds)
	}
	return total
}
