package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The long link.
const (
	linkRTT  = "100ms"
	linkRate = 125_000_000 // bytes a second
)

// bothCores are for what stands between the two sides.
const bothCores = serverCore + "," + clientCore

// relayed puts the long link before a server. The options are those to reach it
// through the link.
func (b *bench) relayed(ctx context.Context, o serveOptions) (*server, serveOptions, error) {
	to := o.addr
	var err error
	if o.addr, err = freeAddr(); err != nil {
		return nil, o, err
	}
	argv := []string{b.kit.bin("relay"), "-addr", o.addr, "-to", to, "-rtt", linkRTT, "-rate", strconv.Itoa(linkRate)}
	s, err := startServer(ctx, bothCores, argv, o.addr)
	if err == nil {
		b.note(pinned(bothCores, argv), o)
	}
	return s, o, err
}

// longLink is one transfer over the long link, from the defaults: a client and
// the server of the same kind, or of weft's where there is only a client.
func longLink(name string, mib float64, path string, up bool) column {
	return column{name: name, run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		if mib > 50 && (c.name == "node-core" || c.name == "nethttp") {
			return nil, lacks{"its windows do not grow, so it would be as slow as with 50 MiB"}
		}
		target := c
		if target.argv == nil {
			target = contenders["events"]
		}
		srv, o, err := b.serve(ctx, target, serveOptions{})
		if err != nil {
			return nil, err
		}
		defer srv.close()
		link, o, err := b.relayed(ctx, o)
		if err != nil {
			return nil, err
		}
		defer link.close()
		mib := mib
		if c.name == "node-core" {
			mib, path = 1, "/1m" // at less than 1 MB/s that is long enough
		}
		j := job{path: path, m: 1, once: true}
		if up {
			j.path, j.upload = "/upload", int64(mib*(1<<20))
		}
		r, err := c.load(ctx, b, o, j)
		if err != nil {
			return nil, err
		}
		return sample{"speed": r.rate() * mib * (1 << 20)}, nil
	}}
}

// virtualLink is the same on virtual time, by bench/link: exact, and the same on
// every machine.
func virtualLink(name string, mib int, up bool) column {
	return column{name: name, once: true, run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		argv := []string{"go", "test", "./bench/link", "-run", "^$", "-benchtime", "1x",
			"-bench", fmt.Sprintf("LongLink/MiB=%d$/up=%v$", mib, up)}
		out, err := run(ctx, loadLimit, argv)
		if err != nil {
			return nil, err
		}
		found := virtualSpeed.FindStringSubmatch(out)
		if found == nil {
			return nil, errors.New("bench/link: " + lastLine(out))
		}
		v, err := strconv.ParseFloat(found[1], 64)
		b.ran = append(b.ran, strings.Join(argv, " "))
		return sample{"speed": v * 1e6}, err
	}}
}

var virtualSpeed = regexp.MustCompile(`([0-9.]+) MB/s-virtual`)
