package main

import (
	"context"
	gotls "crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"sort"
	"strings"
	"syscall"

	"weft/transport/tcp"
	"weft/transport/tls"
)

// What the flags of the same names say, for all interfaces.
var (
	maxStreams = 1000 // SETTINGS_MAX_CONCURRENT_STREAMS
	window     = 0    // a stream's receive window in bytes, four of them a connection's; 0: the interface's default
	table      = -1   // bytes of HPACK tables, both ways; negative: the interface's default
	file       = ""   // what /file is
)

// apis are the contenders: each serves one accepted listener until it closes.
var apis = map[string]func(ctx context.Context, l net.Listener, secure bool) error{
	"compat":  serveCompat,
	"core":    serveCore,
	"events":  serveEvents,
	"nethttp": serveNetHTTP,
	"verb":    serveVerb,

	"verb-goroutine": serveVerbGoroutine,
}

// gcPercent lets the heap, of a few MB, grow to five times what lives before it
// is collected; see the package comment.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func apiNames() string {
	var names []string
	for name := range apis {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func run(args []string) error {
	fs := flag.NewFlagSet("server", flag.ExitOnError)
	addr := fs.String("addr", "127.0.0.1:9000", "address to listen on")
	api := fs.String("api", "core", "interface to serve with: "+apiNames())
	secure := fs.Bool("tls", false, "speak TLS")
	cert := fs.String("cert", "", "certificate file (PEM), with -tls; default a self-signed one")
	key := fs.String("key", "", "private key file (PEM), with -tls")
	fs.IntVar(&maxStreams, "streams", maxStreams, "concurrent streams a client may have")
	fs.IntVar(&window, "window", window, "receive window of a stream in bytes, four times that for the connection; 0: the interface's default")
	fs.IntVar(&table, "table", table, "bytes of the header tables, both ways; negative: the interface's default")
	fs.StringVar(&file, "file", file, "file to answer /file with")
	profile := fs.String("profile", "", "file to write a CPU profile to, when told to end (SIGTERM)")
	fs.Parse(args)
	serve := apis[*api]
	if serve == nil {
		return fmt.Errorf("-api %q: want one of %s", *api, apiNames())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := tcp.Listen(ctx, *addr, tcp.Options{})
	if err != nil {
		return err
	}
	var nl net.Listener = l
	if *secure {
		config, err := tls.ServerConfig(tls.ServerOptions{CertFile: *cert, KeyFile: *key})
		if err != nil {
			return err
		}
		if *api == "nethttp" {
			nl = gotls.NewListener(l, config) // it asks for the type of its connections
		} else {
			nl = tls.NewListener(l, config)
		}
	}
	if *profile != "" {
		end, err := profileTo(*profile)
		if err != nil {
			return err
		}
		defer end()
	}
	context.AfterFunc(ctx, func() { l.Close() })
	fmt.Printf("%s on %s\n", *api, l.Addr())
	err = serve(ctx, nl, *secure)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// profileTo begins a CPU profile, and returns what ends it.
func profileTo(name string) (end func(), err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
