package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"weft/adapters/inspector"
	"weft/cmd/weft/internal/site"
	"weft/core"
	"weft/events"
	"weft/transport/tcp"
	wefttls "weft/transport/tls"
)

const serveHelp = `weft serve [flags] [DIR]

Serves the files of DIR over HTTP/2, with TLS. Directories are served by their
index.html; nothing outside of DIR is, whatever the path or a symbolic link
says. Without DIR it serves a small page that is built in, and answers POST and
PUT with the length and the SHA-256 of what was sent.

  --addr ADDR   where to listen (localhost:8443)
  --cleartext   HTTP/2 without TLS, for clients with prior knowledge (h2c)
  --cert FILE   certificate, leaf first, in PEM; with --key
  --key FILE    its private key in PEM
  -v, --verbose print the frames of every connection on standard error

Without --cert and --key a self-signed certificate for localhost is made and
kept in the user's cache directory, if there is one that can be written to.
Certificate and key are read again when their files change. Ctrl-C stops
accepting and waits for what is under way, 30 seconds at most; a second one ends
at once. The exit code is 0 after Ctrl-C; 1 if it cannot serve, and then a line
on standard error says why; 2 for wrong flags; 130 after a second Ctrl-C.
`

// maxStreams is what a client may have open at once.
const maxStreams = 100

func serve(args []string, e *env) int {
	f := newFlags("serve")
	addr := f.String("addr", "localhost:8443", "")
	cleartext := f.Bool("cleartext", false, "")
	cert := f.String("cert", "", "")
	key := f.String("key", "", "")
	var verbose bool
	f.both("v", "verbose", func(name string) { f.BoolVar(&verbose, name, false, "") })
	dirs, err := f.parse(args)
	switch {
	case err != nil:
		return f.usage(e, err)
	case len(dirs) > 1:
		return f.usage(e, fmt.Errorf("only one directory can be served, not %q as well", dirs[1]))
	case (*cert == "") != (*key == ""):
		return f.usage(e, errors.New("--cert and --key need each other"))
	case *cleartext && *cert != "":
		return f.usage(e, errors.New("--cleartext has no use for --cert and --key"))
	}

	if err := f.empty("addr", "cert", "key"); err != nil {
		return fail(e, "serve", err)
	}
	s := site.Builtin()
	what := "a built-in page"
	if len(dirs) == 1 {
		if s, err = site.Open(dirs[0]); err != nil {
			return fail(e, "serve", err)
		}
		what = dirs[0]
	}
	defer s.Close()

	opts := serverOptions(verbose, e)
	srv, err := newServer(opts, *cleartext, *cert, *key)
	if err != nil {
		return fail(e, "serve", err)
	}
	s.Uploads = len(dirs) == 0
	h := &handler{site: s}
	srv.OnStream(h.serve)

	l, err := tcp.Listen(e.ctx, *addr, tcp.Options{})
	if err != nil {
		return fail(e, "serve", listenError(*addr, err))
	}
	url := urlOf(*addr, l.Addr(), *cleartext)
	fmt.Fprintf(e.stdout, "serving %s on %s\n", what, url)
	if e.serving != nil {
		e.serving(url)
	}
	return serveUntilSignal(srv, l, e)
}

// newServer makes the server, with or without TLS.
func newServer(opts events.ServerOptions, cleartext bool, cert, key string) (*events.Server, error) {
	if cleartext {
		return events.CreateServer(opts)
	}
	cfg, err := wefttls.ServerConfig(wefttls.ServerOptions{CertFile: cert, KeyFile: key})
	if err != nil {
		return nil, keyError(err)
	}
	secure, err := events.CreateSecureServer(events.SecureServerOptions{
		ServerOptions:    opts,
		TLS:              cfg,
		HandshakeTimeout: 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return &secure.Server, nil
}

// serverOptions are those of a server on an open port: where package events
// leaves time unlimited, this does not.
func serverOptions(verbose bool, e *env) events.ServerOptions {
	opts := events.ServerOptions{
		SessionOptions: events.SessionOptions{
			Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(maxStreams))},
			Timeouts: core.Timeouts{
				Idle:     120 * time.Second,
				BodyIdle: 60 * time.Second,
				Stall:    60 * time.Second,
				Shutdown: 30 * time.Second,
			},
			Logger: slog.New(slog.DiscardHandler),
		},
	}
	if !verbose {
		return opts
	}
	opts.Logger = slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var count atomic.Int64
	start := time.Now()
	opts.Trace = func(net.Conn) events.Trace {
		return inspector.New(e.stderr, inspector.Options{Start: start, Prefix: fmt.Sprintf("%d ", count.Add(1))})
	}
	return opts
}

// serveUntilSignal serves until the first signal, then lets what is under way
// finish until the second.
func serveUntilSignal(srv *events.Server, l net.Listener, e *env) int {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		srv.DestroyAll()
		return fail(e, "serve", err)
	case <-e.signals:
	case <-e.ctx.Done():
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-e.signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	if srv.Shutdown(ctx) != nil {
		return exitInterrupted
	}
	return exitOK
}

// urlOf is the URL of a server that listens on addr.
func urlOf(asked string, addr net.Addr, cleartext bool) string {
	scheme := "https"
	if cleartext {
		scheme = "http"
	}
	host, _, err := net.SplitHostPort(asked)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(addr.String())
	return scheme + "://" + net.JoinHostPort(host, port) + "/"
}

func listenError(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: the port is taken; choose another with --addr, or port 0 for any", addr)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot listen on %s: no permission for that port; choose one above 1023 with --addr", addr)
	}
	var (
		dns  *net.DNSError
		port *net.AddrError
		op   *net.OpError
	)
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: the address is not one of this machine's; --addr takes HOST:PORT, for example localhost:8443", addr)
	case errors.As(err, &port) && port.Err == "invalid port", errors.As(err, &dns) && dns.Err == "unknown port":
		return fmt.Errorf("cannot listen on %s: the port of --addr is 0, for any that is free, to 65535", addr)
	case errors.As(err, &dns):
		err = lookupError(dns)
	case errors.As(err, &op):
		err = op.Err
	}
	return fmt.Errorf("cannot listen on %s: %s; --addr takes HOST:PORT, for example localhost:8443", addr, err)
}

// keyError says what is wrong with a certificate or key, and what to do.
func keyError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("cannot read %s: %w; --cert and --key take files in PEM", path.Path, path.Err)
	}
	text := strings.TrimPrefix(err.Error(), "weft/tls: ")
	return fmt.Errorf("%s; leave out --cert and --key to use a self-signed certificate", text)
}
