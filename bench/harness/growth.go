package main

import (
	"context"
	"strconv"
)

// What a request costs beside how much else there is: curves that are to be
// flat.

// besideStreams is requests on a connection that has n streams open that do
// nothing.
func besideStreams(n int) column {
	return column{name: thousands(float64(n)), x: float64(n), scene: func(ctx context.Context, b *bench, c *contender) (*scene, error) {
		if err := needs(c, false, uploads, manyStreams); err != nil {
			return nil, err
		}
		srv, o, err := b.serve(ctx, c, serveOptions{streams: n + 200})
		if err != nil {
			return nil, err
		}
		s := &scene{server: srv}
		return s, b.requests(ctx, s, o, "-m", "100", "-hold", strconv.Itoa(n), "-warm", "500")
	}}
}

// besideConns is requests on ten connections to a server that has n more, idle.
func besideConns(n int) column {
	return column{name: thousands(float64(n)), x: float64(n), scene: func(ctx context.Context, b *bench, c *contender) (*scene, error) {
		srv, o, err := b.serve(ctx, c, serveOptions{conns: n + 10})
		if err != nil {
			return nil, err
		}
		s := &scene{server: srv}
		if s.idle, err = b.hold(ctx, clientCore, o, "-c", strconv.Itoa(n), "-warm", "1"); err != nil {
			return s, err
		}
		return s, b.requests(ctx, s, o, "-c", "10", "-m", "10", "-warm", "500")
	}}
}

// withTables is a browser's requests with header tables of n bytes both ways.
func withTables(n int) column {
	return column{name: thousands(float64(n)), x: float64(n), scene: func(ctx context.Context, b *bench, c *contender) (*scene, error) {
		if err := needs(c, false, tables, tenFields); err != nil {
			return nil, err
		}
		srv, o, err := b.serve(ctx, c, serveOptions{setTable: true, table: n})
		if err != nil {
			return nil, err
		}
		s := &scene{server: srv}
		return s, b.requests(ctx, s, o, "-m", "100", "-kind", "fields", "-table", strconv.Itoa(n), "-warm", "500")
	}}
}

func curve(of func(n int) column, at ...int) (columns []column) {
	for _, n := range at {
		columns = append(columns, of(n))
	}
	return columns
}
