package main

import (
	"context"
	"net"
	"strconv"

	"weft/events"
)

var (
	eventsHello = events.Status(200, "content-type", "text/plain", "content-length", strconv.Itoa(len(hello)))
	eventsLarge = events.Status(200, "content-type", "application/octet-stream", "content-length", strconv.Itoa(len(large)))
	eventsText  = events.Status(200, "content-type", "text/plain")
	eventsNone  = events.Status(404)
)

// serveEvents serves with package events: Node's core API.
func serveEvents(ctx context.Context, l net.Listener, secure bool) error {
	opts := events.ServerOptions{}
	opts.Settings.MaxConcurrentStreams = events.Set(uint32(maxStreams))
	srv, err := events.CreateServer(opts)
	if err != nil {
		return err
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, flags events.Flags) {
		switch {
		case h.Method() == "POST":
			n := 0
			st.OnData(func(p []byte) { n += len(p) })
			st.OnEnd(func() {
				st.Respond(eventsText)
				st.EndString(strconv.Itoa(n))
			})
		case h.Path() == "/":
			st.Respond(eventsHello)
			st.End(hello)
		case h.Path() == "/1m":
			st.Respond(eventsLarge)
			st.End(large)
		default:
			st.Respond(eventsNone)
			st.End(nil)
		}
	})
	return srv.Serve(l)
}
