package main

import (
	"context"
	"fmt"
)

// A shape is how many connections there are, and how many requests are under
// way on each.
type shape struct{ c, m int }

func (s shape) String() string { return fmt.Sprintf("c%dm%d", s.c, s.m) }

var shapes = []shape{{1, 1}, {1, 100}, {10, 100}, {100, 1}, {1000, 1}}

// small is requests for 14 bytes by h2load.
func small(s shape, secure bool) column {
	return column{name: s.String(), run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		if err := needs(c, secure); err != nil {
			return nil, err
		}
		srv, o, err := b.serve(ctx, c, serveOptions{secure: secure, conns: s.c})
		if err != nil {
			return nil, err
		}
		defer srv.close()
		l := load{c: s.c, m: s.m, url: o.url("/")}
		return b.byH2load(ctx, srv, o, l, max(1000, 4*s.c*s.m))
	}}
}

// byH2load measures a server under l, whose n it sets.
func (b *bench) byH2load(ctx context.Context, srv *server, o serveOptions, l load, first int) (sample, error) {
	got, err := b.measure(srv, first, l.c, func(n int) (float64, error) {
		l.n = n
		return runH2load(ctx, l)
	})
	b.note(l.pinned(), o)
	return got, err
}

func smallColumns(secure bool) (columns []column) {
	for _, s := range shapes {
		columns = append(columns, small(s, secure))
	}
	return columns
}
