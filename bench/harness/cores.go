package main

import (
	"context"
)

// onCores is small requests to a server that may use some cores. The client is
// given the others, or has to share them: it has a thread for each of the
// server's cores.
func onCores(name, server, client string, threads int) column {
	s := shape{100, 10}
	return column{name: name, run: func(ctx context.Context, b *bench, c *contender) (sample, error) {
		srv, o, err := b.serveOn(ctx, server, c, serveOptions{conns: s.c})
		if err != nil {
			return nil, err
		}
		defer srv.close()
		l := load{c: s.c, m: s.m, url: o.url("/"), threads: threads, cores: client}
		return b.byH2load(ctx, srv, o, l, 4*s.c*s.m)
	}}
}

// coresColumns are with one core and with two, on a machine of two.
func coresColumns() []column {
	return []column{
		onCores("server 1 core, client 1", serverCore, clientCore, 1),
		onCores("both share 2 cores", bothCores, bothCores, 2),
	}
}
