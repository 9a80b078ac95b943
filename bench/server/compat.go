package main

import (
	"context"
	"net"
	"strconv"

	"weft/events"
)

// serveCompat serves with the Compatibility API of package events.
func serveCompat(ctx context.Context, l net.Listener, secure bool) error {
	srv, err := events.CreateServer(eventsOptions())
	if err != nil {
		return err
	}
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		if req.Method() == "POST" {
			n := 0
			req.OnData(func(p []byte) { n += len(p) })
			req.OnEnd(func() {
				res.SetHeader("content-type", "text/plain")
				res.EndString(strconv.Itoa(n))
			})
			return
		}
		a := lookup(req.URL())
		if a == nil {
			res.SetStatusCode(events.StatusNotFound)
			res.End(nil)
			return
		}
		for _, f := range a.fields[1:] {
			res.SetHeader(f.Name, f.Value)
		}
		if a.size <= int64(len(a.body)) {
			res.EndString(a.body[:a.size])
			return
		}
		res.SendFrom(a.reader(), a.size)
	})
	return srv.Serve(l)
}
