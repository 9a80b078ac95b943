package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"weft/adapters/inspector"
	"weft/core"
	"weft/events"
)

func get(args []string, e *env) int {
	f := newFlags("get")
	o, err := parseGet(f, args)
	if err != nil {
		return f.usage(e, err)
	}
	ctx, cancel := context.WithCancelCause(e.ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-e.signals:
			cancel(errInterrupted)
		case <-stop:
		}
	}()
	if err := f.empty("X", "request", "cacert"); err != nil {
		return fail(e, "get", err)
	}
	g, err := newGetter(o, e)
	if err != nil {
		return fail(e, "get", err)
	}
	return g.run(ctx)
}

var errInterrupted = errors.New("interrupted")

// getter fetches the URLs of one command line.
type getter struct {
	*getFlags
	env      *env
	tls      *tls.Config
	fields   []events.Field
	targets  []*target
	sessions map[string]*session // by origin
	progress *progress

	mu   sync.Mutex // guards stderr and code
	code int
	over bool // nothing more is said
}

// session is a connection that URLs share.
type session struct {
	*events.ClientSession
	spoke atomic.Bool // the server has answered in HTTP/2
}

// target is one URL.
type target struct {
	text   string
	url    *url.URL
	file   string          // where it goes, "" for standard output
	before <-chan struct{} // closed when standard output is ours
	done   chan struct{}
}

func newGetter(o *getFlags, e *env) (*getter, error) {
	g := &getter{getFlags: o, env: e, sessions: make(map[string]*session)}
	before := make(chan struct{})
	close(before)
	for i, text := range o.urls {
		u, err := parseURL(text)
		if err != nil {
			return nil, err
		}
		t := &target{text: text, url: u, done: make(chan struct{})}
		if i < len(o.outputs) && o.outputs[i] != "-" {
			t.file = o.outputs[i]
		} else {
			t.before, before = before, t.done
		}
		g.targets = append(g.targets, t)
	}
	if err := checkMethod(o.method); err != nil {
		return nil, err
	}
	if err := checkOutputs(o.outputs); err != nil {
		return nil, err
	}
	var err error
	if g.fields, err = parseFields(o.headers); err != nil {
		return nil, err
	}
	if g.tls, err = tlsConfig(o); err != nil {
		return nil, err
	}
	if err := checkData(o.data, len(g.targets)); err != nil {
		return nil, err
	}
	g.progress = newProgress(e, g.targets)
	return g, nil
}

// run fetches everything at the same time and returns the exit code.
func (g *getter) run(ctx context.Context) int {
	// The URLs of one server have to find each other's session: all are made
	// before anything is fetched.
	for _, t := range g.targets {
		if err := g.connect(ctx, t); err != nil {
			return fail(g.env, "get", err)
		}
	}
	var all sync.WaitGroup
	for _, t := range g.targets {
		all.Go(func() {
			defer close(t.done)
			if err := g.fetch(ctx, t); err != nil {
				g.failed(ctx, t, err)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		all.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return g.interrupted() // who still waits for a full pipe is left behind
	}
	g.progress.end()
	for _, s := range g.sessions {
		s.Close()
	}
	for _, s := range g.sessions {
		s.Wait()
	}
	return g.code
}

// failed reports why a URL could not be fetched.
func (g *getter) failed(ctx context.Context, t *target, err error) {
	if ctx.Err() != nil {
		return // run says so
	}
	g.progress.hide()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return
	}
	var status *statusError
	if !errors.As(err, &status) {
		g.code = exitFailed
	} else if g.code == exitOK {
		g.code = exitStatus
	}
	fail(g.env, "get", fmt.Errorf("%s: %w", t.text, err))
}

// interrupted ends everything at once.
func (g *getter) interrupted() int {
	g.progress.end()
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	for _, s := range g.sessions {
		s.Destroy(nil, core.Cancel)
	}
	fail(g.env, "get", errInterrupted)
	return exitInterrupted
}

// connect sees to it that there is a session for the target's server.
func (g *getter) connect(ctx context.Context, t *target) error {
	origin := originOf(t.url)
	if g.sessions[origin] != nil {
		return nil
	}
	opts := events.ConnectOptions{
		SessionOptions: events.SessionOptions{
			Settings: events.Settings{EnablePush: events.Set(false)},
			Timeouts: core.Timeouts{KeepAlive: 30 * time.Second},
			Logger:   slog.New(slog.DiscardHandler),
		},
		MaxPending: max(1000, len(g.targets)),
	}
	if t.url.Scheme == "https" {
		opts.TLS = g.tls
	}
	if g.verbose {
		prefix := ""
		if len(g.targets) > 1 {
			prefix = t.url.Host + " "
		}
		opts.Trace = func(net.Conn) events.Trace {
			return inspector.New(g.env.stderr, inspector.Options{Prefix: prefix})
		}
	}
	s := &session{}
	opts.Setup = func(cs *events.ClientSession) {
		cs.OnRemoteSettings(func(events.Settings) { s.spoke.Store(true) })
	}
	cs, err := events.Connect(ctx, origin, opts)
	if err != nil {
		return fmt.Errorf("%s: %w", t.text, err)
	}
	s.ClientSession = cs
	g.sessions[origin] = s
	return nil
}

// originOf is what URLs that share a connection have in common.
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
