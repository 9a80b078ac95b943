package main

import (
	"context"
	"strconv"
)

// realistic is requests of one of bench/client's kinds: what h2load can't make,
// since every request is different.
func realistic(name, kind string, s shape, need ability) column {
	return column{name: name + ", " + s.String(), run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		if err := needs(c, false, bodies, need); err != nil {
			return nil, err
		}
		srv, o, err := b.serve(ctx, c, serveOptions{})
		if err != nil {
			return nil, err
		}
		defer srv.close()
		return b.underClient(ctx, srv, o, "-kind", kind, "-c", strconv.Itoa(s.c), "-m", strconv.Itoa(s.m), "-warm", "500")
	}}
}
