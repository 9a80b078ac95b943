package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// A job is what clients are compared by: requests of one kind on one connection.
type job struct {
	path   string
	m      int
	upload int64         // bytes to POST; 0: GET
	span   time.Duration // how long
	once   bool          // one request instead
	size   float64       // bytes of one request or response
}

func (j job) kind() string {
	if j.path == "/" {
		return "small"
	}
	return j.path
}

// clientLoad is bench/client.
func clientLoad(api string) func(ctx context.Context, b *bench, o serveOptions, j job) (report, error) {
	return func(ctx context.Context, b *bench, o serveOptions, j job) (report, error) {
		argv := b.kit.clientArgv(o, "-api", api, "-kind", j.kind(), "-m", strconv.Itoa(j.m), "-upload", strconv.FormatInt(j.upload, 10))
		if j.once {
			argv = append(argv, "-n", "1")
		} else {
			argv = append(argv, "-for", j.span.String())
		}
		return b.reporting(ctx, o, argv)
	}
}

func nodeLoad(ctx context.Context, b *bench, o serveOptions, j job) (report, error) {
	requests := 0
	if j.once {
		requests = 1
	}
	return b.reporting(ctx, o, []string{"node", filepath.Join(b.kit.dir, "node-client.mjs"), o.url(""), j.path,
		strconv.Itoa(j.m), strconv.FormatInt(j.upload, 10), fmt.Sprint(j.span.Seconds()), strconv.Itoa(requests)})
}

// reporting runs a client that prints a report.
func (b *bench) reporting(ctx context.Context, o serveOptions, argv []string) (report, error) {
	argv = pinned(clientCore, argv)
	b.note(argv, o)
	out, err := run(ctx, loadLimit, argv)
	if err != nil {
		return report{}, err
	}
	return parseReport(out)
}

var h2load = &contender{name: "h2load", program: "h2load", load: func(ctx context.Context, b *bench, o serveOptions, j job) (report, error) {
	l := load{n: 10 * j.m, c: 1, m: j.m, url: o.url(j.path)}
	if j.upload > 0 {
		l.upload = b.kit.file("1m")
	}
	for _, share := range []float64{0.15, 1} {
		rate, err := runH2load(ctx, l)
		if err != nil {
			return report{}, err
		}
		l.n = roundUp(int(rate*j.span.Seconds()*share), 1, l.n)
	}
	rate, err := runH2load(ctx, l)
	b.note(l.pinned(), o)
	return report{Requests: l.n, Seconds: float64(l.n) / rate}, err
}}

var curl = &contender{name: "curl", program: "curl", load: func(ctx context.Context, b *bench, o serveOptions, j job) (report, error) {
	argv := []string{"curl", "-s", "-S", "-k", "--fail", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{time_pretransfer} %{time_total}"}
	if j.upload > 0 {
		name := map[int64]string{50 << 20: "50m", 1 << 30: "1g"}[j.upload]
		argv = append(argv, "-X", "POST", "-T", b.kit.file(name))
	}
	argv = pinned(clientCore, append(argv, o.url(j.path)))
	b.note(argv, o)
	out, err := run(ctx, loadLimit, argv)
	if err != nil {
		return report{}, err
	}
	var from, to float64
	if _, err := fmt.Sscan(out, &from, &to); err != nil || to <= from {
		return report{}, fmt.Errorf("curl: %q", out)
	}
	return report{Requests: 1, Seconds: to - from}, nil
}}

// against is a column of clients: all do the same job with the same server.
func against(name, serverName string, j job) column {
	return column{name: name, run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		target := contenders[serverName]
		if why := target.missing(b.kit); why != "" {
			return nil, lacks{why}
		}
		srv, o, err := b.serve(ctx, target, serveOptions{uploads: true})
		if err != nil {
			return nil, err
		}
		defer srv.close()
		j.span = b.span
		r, err := c.load(ctx, b, o, j)
		if err != nil {
			return nil, err
		}
		got := sample{"rate": r.rate()}
		if j.size > 0 {
			got = sample{"speed": r.rate() * j.size}
		}
		return got, nil
	}}
}
