// Command benchserver is bench/server on event loops: it gives the same answers
// to the same requests, with package events (-api events) or with the core and
// nothing above it (-api core).
//
//	cd adapters/gnet && go run ./benchserver -addr 127.0.0.1:9000 -api events
//
// Like bench/server it has the heap grow to five times what lives, unless GOGC
// says otherwise.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"weft/adapters/gnet"
	"weft/events"
	"weft/internal/answers"
	"weft/transport/tcp"
)

// What the flags of the same names say.
var (
	maxStreams = 1000 // SETTINGS_MAX_CONCURRENT_STREAMS
	file       = ""   // what /file is, with -api events
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	addr := flag.String("addr", "127.0.0.1:9000", "address to listen on")
	api := flag.String("api", "events", "interface to serve with: core, events")
	loops := flag.Int("loops", 0, "event loops; default GOMAXPROCS")
	flag.IntVar(&maxStreams, "streams", maxStreams, "concurrent streams a client may have")
	flag.StringVar(&file, "file", file, "file to answer /file with, with -api events")
	flag.Parse()
	if err := run(*addr, *api, *loops); err != nil {
		fmt.Fprintln(os.Stderr, "benchserver:", err)
		os.Exit(1)
	}
}

func run(addr, api string, n int) error {
	serve := map[string]func(context.Context, net.Listener, *gnet.Loops) error{
		"core": serveCore, "events": serveEvents,
	}[api]
	if serve == nil {
		return fmt.Errorf("-api %q: want core or events", api)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	loops, err := gnet.Start(gnet.Options{Loops: n})
	if err != nil {
		return err
	}
	defer loops.Close()
	l, err := tcp.Listen(ctx, addr, tcp.Options{})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { l.Close() })
	fmt.Printf("%s on %s\n", api, l.Addr())
	err = serve(ctx, l, loops)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func serveEvents(_ context.Context, l net.Listener, loops *gnet.Loops) error {
	opts := events.ServerOptions{Pump: loops.Pump}
	opts.Settings.MaxConcurrentStreams = events.Set(uint32(maxStreams))
	if maxStreams > 1000 {
		opts.MaxSessionMemory = maxStreams / 100 // some 10 KB for each, in MB
	}
	srv, err := events.CreateServer(opts)
	if err != nil {
		return err
	}
	srv.OnStream(answers.Stream(file))
	return srv.Serve(l)
}
