package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A load is what a client is asked to do.
type load struct {
	n       int // requests
	c, m    int // connections, and concurrent streams on each
	url     string
	windows [2]int // bits of the stream's and the connection's window; 0: h2load's
	upload  string // file to POST
	threads int    // 0: 1
	cores   string // ""; the client's
}

func (l load) h2load() []string {
	argv := []string{"h2load", "-n", strconv.Itoa(l.n), "-c", strconv.Itoa(l.c), "-m", strconv.Itoa(l.m)}
	if l.windows != [2]int{} {
		argv = append(argv, "-w", strconv.Itoa(l.windows[0]), "-W", strconv.Itoa(l.windows[1]))
	}
	if l.upload != "" {
		argv = append(argv, "-d", l.upload)
	}
	if l.threads > 1 {
		argv = append(argv, "-t", strconv.Itoa(l.threads))
	}
	return append(argv, l.url)
}

// pinned is the command line with its cores.
func (l load) pinned() []string {
	if l.cores == "" {
		l.cores = clientCore
	}
	return pinned(l.cores, l.h2load())
}

// loadLimit is how long one run of a client may take.
const loadLimit = 60 * time.Second

// runH2load runs it and returns requests per second.
func runH2load(ctx context.Context, l load) (rate float64, err error) {
	out, err := run(ctx, loadLimit, l.pinned())
	if err != nil {
		return 0, err
	}
	return parseH2load(out, l.n)
}

var (
	finishedLine = regexp.MustCompile(`(?m)^finished in [^,]+, ([0-9.]+) req/s,`)
	requestsLine = regexp.MustCompile(`(?m)^requests: .* ([0-9]+) succeeded, .*$`)
	statusLine   = regexp.MustCompile(`(?m)^status codes: ([0-9]+) 2xx,.*$`)
)

// parseH2load reads the rate from what h2load printed. That not all of n
// requests succeeded is an error.
func parseH2load(out string, n int) (rate float64, err error) {
	finished := finishedLine.FindStringSubmatch(out)
	requests := requestsLine.FindStringSubmatch(out)
	status := statusLine.FindStringSubmatch(out)
	if finished == nil || requests == nil || status == nil {
		return 0, errors.New("h2load did not finish: " + lastLine(out))
	}
	want := strconv.Itoa(n)
	if requests[1] != want {
		return 0, fmt.Errorf("not all of %d requests succeeded: %s", n, strings.TrimPrefix(requests[0], "requests: "))
	}
	if status[1] != want {
		return 0, fmt.Errorf("not all of %d responses are fine: %s", n, strings.TrimPrefix(status[0], "status codes: "))
	}
	return strconv.ParseFloat(finished[1], 64)
}
