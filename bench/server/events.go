package main

import (
	"context"
	"io"
	"net"
	"strconv"

	"weft/events"
)

var (
	eventsText = events.Status(200, "content-type", "text/plain")
	eventsFile = events.Status(200, "content-type", "application/octet-stream")
	eventsNone = events.Status(404)
)

// eventsOptions are what the flags mean to package events.
func eventsOptions() events.ServerOptions {
	opts := events.ServerOptions{}
	opts.Settings.MaxConcurrentStreams = events.Set(uint32(maxStreams))
	if maxStreams > 1000 {
		opts.MaxSessionMemory = maxStreams / 100 // some 10 KB for each
	}
	if window > 0 {
		opts.Settings.InitialWindowSize = events.Set(uint32(window))
		opts.WindowSize = 4 * window
	}
	if table >= 0 {
		opts.Settings.HeaderTableSize = events.Set(uint32(table))
		opts.MaxDeflateDynamicTableSize = events.Set(uint32(table))
	}
	return opts
}

// serveEvents serves with package events: Node's core API.
func serveEvents(ctx context.Context, l net.Listener, secure bool) error {
	srv, err := events.CreateServer(eventsOptions())
	if err != nil {
		return err
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, flags events.Flags) {
		path := h.Path()
		switch {
		case h.Method() == "POST":
			n := 0
			st.OnData(func(p []byte) { n += len(p) })
			st.OnEnd(func() {
				st.Respond(eventsText)
				st.EndString(strconv.Itoa(n))
			})
		case path == "/file":
			st.RespondWithFile(file, eventsFile)
		default:
			a := lookup(path)
			if a == nil {
				st.Respond(eventsNone)
				st.End(nil)
				return
			}
			st.Respond(a.headers)
			if a.size <= int64(len(a.body)) {
				st.EndString(a.body[:a.size])
				return
			}
			st.SendFrom(a.reader(), a.size)
		}
	})
	return srv.Serve(l)
}

// reader returns the body as a stream.
func (a *answer) reader() io.Reader { return &bodyReader{a, a.size} }

type bodyReader struct {
	a    *answer
	left int64
}

func (r *bodyReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.a.part(r.left))
	r.left -= int64(n)
	return n, nil
}
