package main

import (
	"context"
)

// Bodies in bulk, by h2load. What is called wide are windows of 16 MiB a stream
// and 64 MiB a connection, on the receiving side; without it, what the client or
// the server has by itself: h2load is told 64 KiB, what a client has that says
// nothing.
type bulk struct {
	name   string
	path   string
	mib    float64
	m      int
	up     bool
	wide   bool
	secure bool
}

func (w bulk) column() column {
	return column{name: w.name, once: w.mib >= 1024, run: w.run}
}

func (w bulk) run(ctx context.Context, b *bench, c *contender) (sample, error) {
	need := bodies
	switch {
	case w.up:
		need = uploads
	case w.path == "/file":
		need = files
	}
	if err := needs(c, w.secure, need); err != nil {
		return nil, err
	}
	if w.path == "/file" && c.program != "" {
		w.path = "/1m" // which is a file there
	}
	srv, o, err := b.serve(ctx, c, serveOptions{secure: w.secure, wide: w.up && w.wide, uploads: w.up})
	if err != nil {
		return nil, err
	}
	defer srv.close()
	l := load{c: 1, m: w.m, url: o.url(w.path), windows: [2]int{16, 16}}
	if w.wide {
		l.windows = [2]int{wideStream, wideConn}
	}
	if w.up {
		l.upload = b.kit.file(w.path[1:])
		l.url = o.url("/upload")
		if c == nghttpd {
			l.url = o.url("/") // where it takes uploads depends on what it serves there
		}
	}
	var got sample
	if w.mib >= 1024 {
		// Long enough to need no warm-up, and too long to be repeated.
		got, err = b.observe(srv, 1, func(n int) (float64, error) {
			l.n = n
			return runH2load(ctx, l)
		})
		b.note(l.pinned(), o)
	} else {
		got, err = b.byH2load(ctx, srv, o, l, 2*w.m)
	}
	if err != nil {
		return nil, err
	}
	return sample{
		"speed": got["rate"] * w.mib * (1 << 20),
		"cpu":   got["cpu"] / w.mib,
		"peak":  got["peak"],
	}, nil
}

func bulkColumns(up, secure bool) (columns []column) {
	for _, wide := range []bool{true, false} {
		windows := "default"
		if wide {
			windows = "wide"
		}
		columns = append(columns,
			bulk{name: "1 MiB, " + windows, path: "/1m", mib: 1, m: 10, up: up, wide: wide, secure: secure}.column(),
			bulk{name: "1 GiB, " + windows, path: "/1g", mib: 1024, m: 1, up: up, wide: wide, secure: secure}.column())
	}
	if !up {
		columns = append(columns, bulk{name: "file, wide", path: "/file", mib: 1, m: 10, wide: true, secure: secure}.column())
	}
	return columns
}
