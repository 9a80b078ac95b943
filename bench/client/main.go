package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	api    string
	url    string
	c, m   int
	span   time.Duration
	limit  int64
	warm   int
	kind   string
	upload int64
	hold   int
	held   int
	bulk   int
	window int
	table  int
	wait   bool
	base   *url.URL
	secure bool
}

// A client is one connection.
type client interface {
	// connect returns when the connection stands and everything that is held
	// is held.
	connect(ctx context.Context) error
	// run keeps m requests of a plan under way until the plan is over and all
	// of them have ended.
	run(p *plan) error
}

// apis make a connection that is not open yet.
var apis = map[string]func(o *options) client{
	"core":    func(o *options) client { return newCoreClient(o) },
	"events":  func(o *options) client { return newEventsClient(o) },
	"nethttp": func(o *options) client { return newNetHTTPClient(o) },
}

func main() {
	debug.SetGCPercent(400) // as bench/server
	o := new(options)
	flag.StringVar(&o.api, "api", "core", "core, events or nethttp")
	flag.StringVar(&o.url, "url", "http://127.0.0.1:9000", "server")
	flag.IntVar(&o.c, "c", 1, "connections")
	flag.IntVar(&o.m, "m", 1, "concurrent requests on each connection")
	flag.DurationVar(&o.span, "for", time.Second, "how long to make requests")
	flag.Int64Var(&o.limit, "n", 0, "make so many requests instead")
	flag.IntVar(&o.warm, "warm", 0, "requests a connection makes before it is measured")
	flag.StringVar(&o.kind, "kind", "small", "small, fields, json, mix or a path")
	flag.Int64Var(&o.upload, "upload", 0, "bytes to POST with each request")
	flag.IntVar(&o.hold, "hold", 0, "uploads to begin on each connection and not to end")
	flag.IntVar(&o.held, "held", 0, "bytes to send of each upload that is held")
	flag.IntVar(&o.bulk, "bulk", 0, "downloads of /1g to keep going on each connection")
	flag.IntVar(&o.window, "window", 0, "receive window of a stream in bytes, four times that for the connection; 0: the interface's default")
	flag.IntVar(&o.table, "table", -1, "bytes of the header tables; negative: the default")
	flag.BoolVar(&o.wait, "wait", false, "wait for standard input, see the package comment")
	flag.Parse()
	if err := start(o); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func start(o *options) (err error) {
	if o.base, err = url.Parse(o.url); err != nil {
		return err
	}
	o.secure = o.base.Scheme == "https"
	if apis[o.api] == nil {
		return fmt.Errorf("-api %q: want core, events or nethttp", o.api)
	}
	if o.api == "nethttp" && (o.hold > 0 || o.bulk > 0 || o.wait) {
		return errors.New("-api nethttp can neither hold nor wait")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	clients := make([]client, o.c)
	for i := range clients {
		clients[i] = apis[o.api](o)
	}
	if err := connectAll(ctx, clients); err != nil {
		return err
	}
	if o.warm > 0 {
		err := each(clients, connecting, func(c client) error { return c.run(newPlan(o, int64(o.warm), 0)) })
		if err != nil {
			return err
		}
	}
	input := bufio.NewReader(os.Stdin)
	if o.wait {
		fmt.Println("ready")
	}
	for {
		if o.wait {
			if _, err := input.ReadString('\n'); err != nil {
				return nil
			}
		}
		p := newPlan(o, o.limit, o.span)
		if err := runAll(clients, p); err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(p.report()); err != nil {
			return err
		}
		if !o.wait {
			return nil
		}
	}
}

// connecting is how many connections are set up at a time.
const connecting = 64

func connectAll(ctx context.Context, clients []client) error {
	return each(clients, connecting, func(c client) error { return c.connect(ctx) })
}

func runAll(clients []client, p *plan) error {
	p.start, p.cpu = time.Now(), cpuTime()
	err := each(clients, len(clients), func(c client) error { return c.run(p) })
	p.end, p.cpu = time.Now(), cpuTime()-p.cpu
	return err
}

// each calls f for all clients, some at a time, and returns the first error.
func each(clients []client, atOnce int, f func(c client) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	places := make(chan struct{}, atOnce)
	for _, c := range clients {
		places <- struct{}{}
		wg.Go(func() {
			if err := f(c); err != nil {
				once.Do(func() { first = err })
			}
			<-places
		})
	}
	wg.Wait()
	return first
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
