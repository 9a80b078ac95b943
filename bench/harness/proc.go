package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// family returns pid and all its descendants.
func family(pid int) []int {
	parents := make(map[int]int)
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range dirs {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		if id, parent, ok := parseStat(text); ok {
			parents[id] = parent
		}
	}
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		for id, parent := range parents {
			if parent == pids[i] {
				pids = append(pids, id)
			}
		}
	}
	return pids
}

// parseStat reads a process and its parent from /proc/PID/stat. The name in
// parentheses between them may hold anything.
func parseStat(text []byte) (pid, parent int, ok bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return 0, 0, false
	}
	after := strings.Fields(string(text[end+1:]))
	if len(after) < 2 {
		return 0, 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:open])))
	parent, err2 := strconv.Atoi(after[1])
	return pid, parent, err == nil && err2 == nil
}

// cpuTime returns the time that the scheduler has charged to the threads of
// pid and its descendants.
func cpuTime(pid int) (time.Duration, error) {
	var total time.Duration
	for _, id := range family(pid) {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", id))
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			first, _, _ := strings.Cut(string(text), " ")
			ns, err := strconv.ParseInt(first, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %q", name, text)
			}
			total += time.Duration(ns)
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("process %d: no CPU time known (it has ended, or the kernel keeps no schedstat)", pid)
	}
	return total, nil
}

// memory returns the bytes that a line of /proc/PID/status tells, summed over
// pid and its descendants: "VmHWM", the most there was, or "VmRSS", what there is.
func memory(pid int, line string) (float64, error) {
	var total float64
	for _, id := range family(pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
		if err != nil {
			continue
		}
		total += parseStatus(string(text), line)
	}
	if total == 0 {
		return 0, fmt.Errorf("process %d: no %s", pid, line)
	}
	return total, nil
}

// parseStatus returns a line of /proc/PID/status that is in kB, in bytes.
func parseStatus(text, line string) float64 {
	for l := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kb * 1024
		}
	}
	return 0
}
