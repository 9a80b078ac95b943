package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"weft/adapters/inspector"
	"weft/core"
	"weft/events"
)

const getHelp = `weft get [flags] URL...

Fetches URLs over HTTP/2 and writes what they hold to standard output, in the
order of the command line. URLs of one server share one connection and are
fetched at the same time. https:// is HTTP/2 over TLS, http:// is HTTP/2 with
prior knowledge. Redirects are shown, not followed.

  -X METHOD       the method (GET, or POST with -d)
  -H 'NAME: VAL'  add a header field, or replace the one weft would send; with
                  no value, leave it out; may be given several times
  -d DATA         send DATA as the body; @FILE sends a file as it is, byte for
                  byte, @- standard input; several are joined by &
  -o FILE         write to FILE; given several times, each is for one URL, in
                  order
  -i              write the response's header fields before its body
  --fail          on a status of 400 or more write no body and exit with 22
  --cacert FILE   trust these certificates (PEM) instead of the system's
  -k              trust any certificate
  -v              print the frames of every connection on standard error

A body from a file is read as it is sent. A transfer that takes longer than a
second shows a progress bar on a terminal. The exit code is 0 only if every
response came whole; 1 if a connection or a transfer failed, and then a line on
standard error says which and why; 22 for --fail.
`

// getFlags is the command line of weft get.
type getFlags struct {
	method        string
	headers, data []string
	outputs       []string
	include, fail bool
	insecure      bool
	cacert        string
	verbose       bool
	urls          []string
}

func parseGet(f *flags, args []string) (*getFlags, error) {
	o := &getFlags{}
	f.both("X", "request", func(name string) { f.StringVar(&o.method, name, "", "") })
	f.both("i", "include", func(name string) { f.BoolVar(&o.include, name, false, "") })
	f.both("k", "insecure", func(name string) { f.BoolVar(&o.insecure, name, false, "") })
	f.both("v", "verbose", func(name string) { f.BoolVar(&o.verbose, name, false, "") })
	f.BoolVar(&o.fail, "fail", false, "")
	f.StringVar(&o.cacert, "cacert", "", "")
	add := func(list *[]string) func(string) error {
		return func(v string) error {
			*list = append(*list, v)
			return nil
		}
	}
	f.both("H", "header", func(name string) { f.Func(name, "", add(&o.headers)) })
	f.both("d", "data", func(name string) { f.Func(name, "", add(&o.data)) })
	f.Func("data-binary", "", add(&o.data))
	f.both("o", "output", func(name string) { f.Func(name, "", add(&o.outputs)) })
	urls, err := f.parse(args)
	o.urls = urls
	switch {
	case err != nil:
		return nil, err
	case len(urls) == 0:
		return nil, errors.New("no URL, for example https://localhost:8443/")
	case len(o.outputs) > len(urls):
		return nil, fmt.Errorf("there is no URL for -o %s", o.outputs[len(urls)])
	case o.insecure && o.cacert != "":
		return nil, errors.New("-k trusts everything: leave out --cacert")
	}
	return o, nil
}

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

// parseURL reads an absolute URL.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("%q is not a URL: %w; one looks like https://localhost:8443/path", text, err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "":
		return nil, fmt.Errorf("%q is not a URL that can be fetched: it must begin with https:// or http://", text)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q has no host; a URL looks like https://localhost:8443/path", text)
	}
	return u, nil
}

// parseFields reads the -H flags.
func parseFields(list []string) ([]events.Field, error) {
	var fields []events.Field
	for _, text := range list {
		name, value, ok := strings.Cut(text, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" {
			return nil, fmt.Errorf("-H %q is not a header field: write 'name: value'", text)
		}
		fields = append(fields, events.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return fields, nil
}

func tlsConfig(o *getFlags) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: o.insecure}
	if o.cacert == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(o.cacert)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("cannot read --cacert %s: %w", o.cacert, err)
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--cacert %s has no certificate in PEM", o.cacert)
	}
	return cfg, nil
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
		TLS:        g.tls,
		MaxPending: max(1000, len(g.targets)),
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
