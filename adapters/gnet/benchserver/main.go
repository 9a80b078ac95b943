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
	"strconv"
	"syscall"

	"weft/adapters/gnet"
	"weft/events"
	"weft/transport/tcp"
)

// Answers are those of bench/server.
var (
	hello = []byte("Hello, World!\n")
	large = make([]byte, 1<<20)
)

const maxStreams = 1000

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	addr := flag.String("addr", "127.0.0.1:9000", "address to listen on")
	api := flag.String("api", "events", "interface to serve with: core, events")
	loops := flag.Int("loops", 0, "event loops; default GOMAXPROCS")
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

var (
	helloLength = strconv.Itoa(len(hello))
	largeLength = strconv.Itoa(len(large))

	okHello  = events.Status(200, "content-type", "text/plain", "content-length", helloLength)
	okLarge  = events.Status(200, "content-type", "application/octet-stream", "content-length", largeLength)
	okText   = events.Status(200, "content-type", "text/plain")
	notFound = events.Status(404)
)

func serveEvents(_ context.Context, l net.Listener, loops *gnet.Loops) error {
	opts := events.ServerOptions{Pump: loops.Pump}
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
				st.Respond(okText)
				st.EndString(strconv.Itoa(n))
			})
		case h.Path() == "/":
			st.Respond(okHello)
			st.End(hello)
		case h.Path() == "/1m":
			st.Respond(okLarge)
			st.End(large)
		default:
			st.Respond(notFound)
			st.End(nil)
		}
	})
	return srv.Serve(l)
}
