package main

import (
	"context"
	"net"
	"strconv"

	"weft/events"
	"weft/internal/answers"
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
		a := answers.Lookup(req.URL())
		if a == nil {
			res.SetStatusCode(events.StatusNotFound)
			res.End(nil)
			return
		}
		for _, f := range a.Fields[1:] {
			res.SetHeader(f.Name, f.Value)
		}
		if body, ok := a.Whole(); ok {
			res.EndString(body)
		} else {
			res.SendFrom(a.Reader(), a.Size)
		}
	})
	return srv.Serve(l)
}
