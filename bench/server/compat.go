package main

import (
	"context"
	"net"
	"strconv"

	"weft/events"
)

var (
	helloLength = strconv.Itoa(len(hello))
	largeLength = strconv.Itoa(len(large))
)

// serveCompat serves with the Compatibility API of package events.
func serveCompat(ctx context.Context, l net.Listener, secure bool) error {
	opts := events.ServerOptions{}
	opts.Settings.MaxConcurrentStreams = events.Set(uint32(maxStreams))
	srv, err := events.CreateServer(opts)
	if err != nil {
		return err
	}
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		switch {
		case req.Method() == "POST":
			n := 0
			req.OnData(func(p []byte) { n += len(p) })
			req.OnEnd(func() {
				res.SetHeader("content-type", "text/plain")
				res.EndString(strconv.Itoa(n))
			})
		case req.URL() == "/":
			res.SetHeader("content-type", "text/plain")
			res.SetHeader("content-length", helloLength)
			res.End(hello)
		case req.URL() == "/1m":
			res.SetHeader("content-type", "application/octet-stream")
			res.SetHeader("content-length", largeLength)
			res.End(large)
		default:
			res.SetStatusCode(events.StatusNotFound)
			res.End(nil)
		}
	})
	return srv.Serve(l)
}
