package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// spenders are who a server's time is divided among, by the packages of the
// functions that were running. What none of them names is the rest.
var spenders = []struct {
	key, title string
	packages   []string
}{
	{"kernel", "in the kernel", []string{"internal/runtime/syscall", "syscall.", "runtime.futex", "runtime.epoll", "runtime.usleep"}},
	{"http", "HTTP/2: weft, or net/http", []string{"weft/", "main.", "net/http.", "type:.eq.weft/"}},
	{"hpack", "golang.org/x/net/http2/hpack", []string{"golang.org/x/net/http2/hpack", "vendor/golang.org/x/net/http2/hpack"}},
	{"crypto", "crypto", []string{"crypto/", "vendor/golang.org/x/crypto"}},
	{"rest", "the rest: scheduler, memory, net, sync", nil},
}

func profileMetrics() (all []metric) {
	for _, s := range spenders {
		all = append(all, metric{key: s.key, title: s.title + ", µs", format: digits})
	}
	return all
}

// profiledSpans is how many times longer a profiled measurement takes than
// another: there are 100 samples a second.
const profiledSpans = 4

// profiled is a column of another table, measured under Go's CPU profiler.
func profiled(name string, inner column, rows ...string) column {
	return column{name: name, rows: rows, run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		b.profile = filepath.Join(b.kit.dir, "cpu.profile")
		b.span *= profiledSpans
		defer func() { b.profile, b.span = "", b.span/profiledSpans }()
		got, err := inner.run(ctx, b, c)
		if err != nil {
			return nil, err
		}
		top, err := run(ctx, time.Minute, []string{"go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", b.profile})
		if err != nil {
			return nil, err
		}
		shares, err := parseTop(top)
		if err != nil {
			return nil, err
		}
		for who, share := range shares {
			shares[who] = share * got["cpu"]
		}
		return shares, nil
	}}
}

// parseTop divides what "go tool pprof -top" prints among the spenders, as
// parts of 1.
func parseTop(top string) (sample, error) {
	shares := make(sample)
	for _, s := range spenders {
		shares[s.key] = 0
	}
	sum := 0.0
	lines := bufio.NewScanner(strings.NewReader(top))
	for table := false; lines.Scan(); {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) >= 2 && f[0] == "flat" && f[1] == "flat%":
			table = true
		case table && len(f) >= 6:
			share, err := strconv.ParseFloat(strings.TrimSuffix(f[1], "%"), 64)
			if err != nil {
				return nil, fmt.Errorf("pprof: %q", lines.Text())
			}
			shares[spender(f[5])] += share
			sum += share
		}
	}
	if sum == 0 {
		return nil, errors.New("pprof shows no samples")
	}
	for who := range shares {
		shares[who] /= sum
	}
	return shares, nil
}

// spender finds whom a function's time counts for.
func spender(function string) string {
	for _, s := range spenders {
		for _, p := range s.packages {
			if strings.HasPrefix(function, p) {
				return s.key
			}
		}
	}
	return "rest"
}
