package main

import (
	"context"
	"strconv"
)

// A hoard is what a server is made to keep: connections that made one request
// each, streams that wait for the rest of an upload.
type hoard struct {
	name   string
	conns  int
	hold   int // uploads on each
	held   int // bytes received of each
	secure bool
	rows   []string
}

func (h hoard) column() column {
	return column{name: h.name, rows: h.rows, run: h.run}
}

// spareFiles is what a process needs beside its connections.
const spareFiles = 200

// run measures how much the resident memory of a server grows by what it keeps,
// for each connection, or for each stream.
func (h hoard) run(ctx context.Context, b *bench, c *contender) (sample, error) {
	var need []ability
	if h.hold > 0 {
		need = append(need, uploads)
	}
	if h.hold > 100 {
		need = append(need, manyStreams)
	}
	if err := needs(c, h.secure, need...); err != nil {
		return nil, err
	}
	// A system may not let one process have as many files open.
	h.conns = min(h.conns, fileLimit()-spareFiles)
	o := serveOptions{secure: h.secure, conns: h.conns, uploads: true}
	if h.hold > 100 {
		o.streams = h.hold + 100
	}
	srv, o, err := b.serve(ctx, c, o)
	if err != nil {
		return nil, err
	}
	defer srv.close()
	// The first connection pays for what all use. There are few requests: what
	// they leave for a collector would be room for what is to be measured.
	if _, err := b.underClient(ctx, srv, o, "-c", "10", "-warm", "10", "-n", "100"); err != nil {
		return nil, err
	}
	settle(ctx)
	before, err := memory(srv.pid, "VmRSS")
	if err != nil {
		return nil, err
	}
	b.ran = b.ran[:1]
	client, err := b.hold(ctx, clientCore, o, "-c", strconv.Itoa(h.conns), "-warm", "1",
		"-hold", strconv.Itoa(h.hold), "-held", strconv.Itoa(h.held))
	if err != nil {
		return nil, err
	}
	defer client.close()
	settle(ctx)
	after, err := memory(srv.pid, "VmRSS")
	if err != nil {
		return nil, err
	}
	return sample{"grown": max(0, after-before) / float64(h.conns*max(1, h.hold))}, nil
}
