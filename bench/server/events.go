package main

import (
	"context"
	"net"

	"weft/events"
	"weft/internal/answers"
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
	srv.OnStream(answers.Stream(file))
	return srv.Serve(l)
}
