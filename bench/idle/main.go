//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// warmup is how many connections come and go first: what they bring about once
// is not the price of a connection.
const warmup = 10

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("idle", flag.ExitOnError)
	api := fs.String("api", "core", "interface of the bench/server that is started")
	addr := fs.String("addr", "", "address of a server that runs already, with -pid")
	pid := fs.Int("pid", 0, "its process")
	secure := fs.Bool("tls", false, "speak TLS")
	n := fs.Int("n", 5000, "connections")
	burst := fs.Int("burst", 100, "requests on their way at once; 0: all")
	var load load
	fs.IntVar(&load.streams, "streams", 0, "requests a connection that do not end; 0: one that does")
	fs.IntVar(&load.body, "body", 0, "bytes sent of each request that does not end")
	settle := fs.Duration("settle", time.Second, "how long to wait before the second look")
	fs.Parse(args)
	if *n < 1 || load.streams < 0 || load.body < 0 || load.body > maxBody || (*addr == "") != (*pid == 0) {
		return fmt.Errorf("want -n from 1, -streams from 0, -body from 0 to %d, and -addr with -pid", maxBody)
	}
	if *burst <= 0 {
		*burst = *n
	}
	if err := raiseFiles(*n); err != nil {
		return err
	}
	if *addr == "" {
		s, err := startServer(ctx, *api, *secure)
		if err != nil {
			return err
		}
		defer s.stop()
		*addr, *pid = s.addr, s.cmd.Process.Pid
	}
	d := dialer{addr: *addr, secure: *secure}
	if err := d.openAll(ctx, warmup, warmup, load, false); err != nil {
		return err
	}
	before, err := resident(*pid)
	if err != nil {
		return err
	}
	if err := d.openAll(ctx, *n, *burst, load, true); err != nil {
		return err
	}
	after, err := resident(*pid)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(*settle):
	}
	later, err := resident(*pid)
	if err != nil {
		return err
	}
	unit, count := "connection", *n
	if load.streams > 0 {
		unit, count = "stream", *n*load.streams
	}
	fmt.Printf("%-8s n=%-6d %8d bytes a %s, %d after %v (resident: %d KiB, then %d, then %d)\n", *api, *n,
		(after-before)/count, unit, (later-before)/count, *settle, before>>10, after>>10, later>>10)
	return d.check()
}
