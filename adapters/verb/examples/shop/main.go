package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"time"

	"weft/adapters/verb"
	"weft/events"
	wefttls "weft/transport/tls"
)

func main() {
	addr := flag.String("addr", "localhost:8444", "where to listen, `host:port`")
	debug := flag.Bool("debug", false, "log every frame, and tell clients what went wrong")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "shop: %q is one argument too many; see -h\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second signal ends at once
	if err := run(ctx, *addr, *debug, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run has the shop open until ctx ends, and closes it gracefully.
func run(ctx context.Context, addr string, debug bool, out io.Writer) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("-addr is host:port: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("-addr: %q is no port, which is 0, for any, to 65535", port)
	}
	cert, _, err := wefttls.DevelopmentCertificate("")
	if err != nil {
		return err
	}
	app := newShop(ctx).WithOptions(verb.Options{
		Host: host,
		TLS:  verb.TLSOptions{Config: &tls.Config{Certificates: []tls.Certificate{cert}}},
	})
	if debug {
		slog.SetLogLoggerLevel(slog.LevelDebug)
		app.WithOptions(verb.Options{HTTP2: verb.HTTP2Options{Debug: events.Set(true)}})
	}
	at, err := app.Listen(n)
	if err != nil {
		return err
	}
	if host == "" {
		host = "localhost"
	}
	_, port, _ = net.SplitHostPort(at.String())
	fmt.Fprintf(out, "the shop is open: https://%s/\n", net.JoinHostPort(host, port))
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return app.Shutdown(ctx)
}
