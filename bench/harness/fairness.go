package main

import (
	"context"
	"strconv"
)

// beside is small requests, one at a time, on a connection that also carries
// some downloads in bulk; over the long link if far.
func beside(name string, bulk int, far bool) column {
	return column{name: name, run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		if err := needs(c, false, bodies); err != nil {
			return nil, err
		}
		srv, o, err := b.serve(ctx, c, serveOptions{})
		if err != nil {
			return nil, err
		}
		defer srv.close()
		if far {
			link, through, err := b.relayed(ctx, o)
			if err != nil {
				return nil, err
			}
			defer link.close()
			o = through
		}
		return b.underClient(ctx, srv, o, "-bulk", strconv.Itoa(bulk))
	}}
}
