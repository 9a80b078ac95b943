package verb

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"weft/adapters/http1"
	"weft/adapters/inspector"
	"weft/events"
)

// ServerProtocol says what kind of server an App is.
type ServerProtocol int

// HTTP2 is a server for HTTP/2, and with HTTP2Options.AllowHTTP1 for HTTP/1.1
// beside it.
const HTTP2 ServerProtocol = 2

// App is an application: routes, middlewares and options, and the server that
// they make. It can also be mounted in another App, or be an http.Handler of
// net/http: then its options about the server do not matter.
type App struct {
	mu     sync.Mutex
	opts   atomic.Pointer[Options] // never changed, only replaced; nil: none are set
	layers []layer
	table  atomic.Pointer[table]   // nil: to be made of layers
	last   atomic.Pointer[arrival] // nil: there was none
	server *events.Server
	pushes pushPlaces
	hire   func(*events.Request, *events.Response) // has serveEvents run in a goroutine

	sockets sockets

	onSessionError listeners[func(error, *events.ServerSession)]
	onStreamError  listeners[func(error, *events.ServerStream)]
}

var _ http.Handler = (*App)(nil)

// CreateServer makes an App. Nothing listens before Listen. There is one
// protocol, HTTP2; any other is a panic.
func CreateServer(protocol ServerProtocol) *App {
	if protocol != HTTP2 {
		panic("verb: no such protocol: " + strconv.Itoa(int(protocol)))
	}
	return new(App)
}

// WithOptions sets options and returns the App. Called again it adds to what
// was set: an option that is set there wins, one that is not stays as it was, to
// any depth. Options about the server have to be set before it is made, by
// Server or Listen; later ones concern the others only.
func (app *App) WithOptions(o Options) *App {
	app.mu.Lock()
	defer app.mu.Unlock()
	opts := app.options().with(o)
	app.opts.Store(&opts)
	return app
}

// options are those in force, which must not be changed.
func (app *App) options() *Options {
	if o := app.opts.Load(); o != nil {
		return o
	}
	return new(Options)
}

// Settings returns the options that were set.
//
//	app.Settings().HTTP2.Settings.MaxConcurrentStreams.Or(100)
func (app *App) Settings() Options {
	return Options{}.with(*app.options()) // maps are the caller's
}

func (app *App) add(l ...layer) {
	app.mu.Lock()
	defer app.mu.Unlock()
	app.layers = append(app.layers, l...)
	app.table.Store(nil)
}

func (app *App) layersNow() *table {
	if t := app.table.Load(); t != nil {
		return t
	}
	return app.makeLayers()
}

func (app *App) makeLayers() *table {
	app.mu.Lock()
	defer app.mu.Unlock()
	t := makeTable(app.layers)
	app.table.Store(t)
	return t
}

// Get registers a handler of GET and HEAD for a pattern, and middlewares that
// come before it.
func (app *App) Get(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodGet, pattern, h, before...)
}

// Post registers a handler as Get does, of POST.
func (app *App) Post(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodPost, pattern, h, before...)
}

// Put registers a handler as Get does, of PUT.
func (app *App) Put(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodPut, pattern, h, before...)
}

// Delete registers a handler as Get does, of DELETE.
func (app *App) Delete(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodDelete, pattern, h, before...)
}

// Patch registers a handler as Get does, of PATCH.
func (app *App) Patch(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodPatch, pattern, h, before...)
}

// Head registers a handler as Get does, of HEAD. It has to come before one of
// GET to be used.
func (app *App) Head(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodHead, pattern, h, before...)
}

// Options registers a handler as Get does, of OPTIONS.
func (app *App) Options(pattern string, h Handler, before ...Middleware) {
	app.Route(http.MethodOptions, pattern, h, before...)
}

// All registers a handler as Get does, of every method.
func (app *App) All(pattern string, h Handler, before ...Middleware) {
	app.Route("", pattern, h, before...)
}

// Route registers a handler as Get does, of any method; "" is every method.
func (app *App) Route(method, pattern string, h Handler, before ...Middleware) {
	if h == nil {
		panic("verb: a route without a handler: " + pattern)
	}
	if method != "" && !isToken(method) {
		panic("verb: no method of a request: " + strconv.Quote(method))
	}
	app.add(layer{pattern: compile(pattern, false), method: method, handler: behind(before, h)})
}

// behind puts middlewares before a handler. An error of theirs, or of the handler,
// goes its way before next returns, as with Use: who called next sees what became of
// the request.
func behind(before []Middleware, h Handler) Handler {
	for _, m := range slices.Backward(before) {
		if m == nil {
			panic(noMiddleware)
		}
		inner := h
		h = func(req *Request, res *Response) error {
			x := (*call)(req)
			w, passed := x.in(), false
			m(req, res, func(errs ...error) {
				err := firstError(errs)
				if err == nil && !passed {
					err = inner(req, res)
				}
				passed = true
				if err != nil {
					x.search(w, err)
				}
			})
			return nil
		}
	}
	return h
}

// Use registers middlewares for every path.
func (app *App) Use(m ...Middleware) { app.UseAt("/", m...) }

// UseAt registers middlewares for a path and all below it. The path may have
// captures.
func (app *App) UseAt(path string, list ...Middleware) {
	for _, m := range list {
		if m == nil {
			panic(noMiddleware)
		}
		app.add(layer{pattern: compile(path, true), before: m})
	}
}

// UseError registers middlewares for errors of what was registered before.
func (app *App) UseError(list ...ErrorMiddleware) {
	for _, m := range list {
		if m == nil {
			panic(noMiddleware)
		}
		app.add(layer{pattern: compile("/", true), onError: m})
	}
}

// Mount has an app serve a path and all below it, which it sees without that
// path in its patterns. What it has no route for goes on in this app; so do
// errors it does not deal with. An App that is nil, or would come to be within
// itself, is a panic.
func (app *App) Mount(path string, sub *App) {
	if sub == nil || sub.has(app) {
		panic("verb: an App that is nil, or has this one in it, is mounted at " + path)
	}
	app.add(layer{pattern: compile(path, true), mounted: sub})
	app.announce()
}

// has reports whether other is the App, or mounted in it.
func (app *App) has(other *App) bool {
	if app == other {
		return true
	}
	app.mu.Lock()
	layers := slices.Clone(app.layers)
	app.mu.Unlock()
	return slices.ContainsFunc(layers, func(l layer) bool { return l.mounted != nil && l.mounted.has(other) })
}

const noMiddleware = "verb: a middleware that is nil"

// OnSessionError registers f for errors of connections: f may destroy the
// session. It returns a function that undoes that. f is a callback of package
// events, and must not block.
func (app *App) OnSessionError(f func(err error, session *events.ServerSession)) (remove func()) {
	return app.onSessionError.on(f)
}

// OnStreamError registers f for errors of streams of requests that come from
// now on: f may close the stream. It returns a function that undoes that. f is a
// callback of package events, and must not block.
func (app *App) OnStreamError(f func(err error, stream *events.ServerStream)) (remove func()) {
	return app.onStreamError.on(f)
}

// Server returns the server under the App, and makes it at the first call, of
// the options set until then. It gives what this package has no words for:
// sessions, connections of one's own, listeners.
//
// Errors: those of options.
func (app *App) Server() (*events.Server, error) {
	app.mu.Lock()
	defer app.mu.Unlock()
	if app.server != nil {
		return app.server, nil
	}
	opts := app.options()
	server, err := app.makeServer(opts)
	if err != nil {
		return nil, err
	}
	server.OnSessionError(func(err error, s *events.ServerSession) {
		app.onSessionError.each(func(f func(error, *events.ServerSession)) { f(err, s) })
	})
	if t, ok := opts.HTTP2.SessionTimeout.Get(); ok {
		if err := server.SetTimeout(t, nil); err != nil {
			return nil, err
		}
	}
	app.hire = events.InGoroutine(app.serveEvents)
	if opts.Inline.Or(false) {
		server.OnRequest(app.inline())
	} else {
		server.OnRequest(app.serveApart)
	}
	server.OnConnect(events.InGoroutine(app.serveConnect))
	server.OnUpgrade(app.serveUpgrade)
	app.server = server
	return server, nil
}

// makeServer makes the server. The caller has the lock.
func (app *App) makeServer(o *Options) (*events.Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	opts := events.ServerOptions{SessionOptions: o.HTTP2.session(), Attach: events.AttachmentOf[call]()}
	if _, decided := opts.Settings.EnableConnectProtocol.Get(); !decided && makeTable(app.layers).webSockets() {
		opts.Settings.EnableConnectProtocol = events.Set(true)
	}
	opts.Logger = o.Logger
	if opts.AllowHTTP1 = o.HTTP2.AllowHTTP1.Or(false); opts.AllowHTTP1 {
		opts.HTTP1, opts.ShouldUpgrade = http1.New(o.HTTP2.HTTP1), app.shouldUpgrade
	} else if o.HTTP2.HTTP1 != (http1.Options{}) {
		return nil, fmt.Errorf("%w: verb: HTTP2.HTTP1 needs HTTP2.AllowHTTP1", events.ErrInvalidArg)
	}
	if o.HTTP2.debug() {
		log := o.debugLogger()
		opts.Trace = func(conn net.Conn) events.Trace {
			var peer any
			if conn != nil {
				peer = conn.RemoteAddr()
			}
			return inspector.New(&lines{log: log, peer: peer}, inspector.Options{})
		}
	}
	if !o.TLS.set() {
		return events.CreateServer(opts)
	}
	config := o.TLS.Config
	if (len(o.TLS.Cert) > 0) != (len(o.TLS.Key) > 0) {
		return nil, fmt.Errorf("%w: verb: TLS.Cert and TLS.Key need each other", events.ErrInvalidArg)
	}
	if len(o.TLS.Cert) > 0 {
		pair, err := tls.X509KeyPair(o.TLS.Cert, o.TLS.Key)
		if err != nil {
			return nil, err
		}
		if config = config.Clone(); config == nil {
			config = new(tls.Config)
		}
		config.Certificates = append(config.Certificates, pair)
	}
	secure, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: opts, TLS: config})
	if err != nil {
		return nil, err
	}
	return &secure.Server, nil
}

// Listen serves on a TCP port of Options.Host, and returns the address; 0 is any
// that is free. Without a port that of the options counts, without one there
// 443 with TLS and 80 without. It does not wait.
//
// Errors: those of App.Server, events.ErrOutOfRange for the port, and those of
// events.Server.Listen.
func (app *App) Listen(port ...int) (net.Addr, error) {
	server, err := app.Server()
	if err != nil {
		return nil, err
	}
	o := app.options()
	p := 80
	if o.TLS.set() {
		p = 443
	}
	p = o.Port.Or(p)
	if len(port) > 0 {
		p = port[0]
	}
	if p < 0 || p > 65535 {
		return nil, outOfRange("Port", p, portRange)
	}
	return server.Listen(net.JoinHostPort(o.Host, strconv.Itoa(p)))
}

// Close stops accepting connections; those there are go on.
//
// Errors: those of App.Server, events.ErrServerClosed if it was closed before.
func (app *App) Close() error {
	server, err := app.Server()
	if err != nil {
		return err
	}
	return server.Close()
}

// Shutdown closes the server and every connection gracefully, and waits for
// them; see events.Server.Shutdown. WebSockets are closed with
// websocket.StatusGoingAway, and their listeners waited for.
//
// Errors: those of App.Server, and that of ctx.
func (app *App) Shutdown(ctx context.Context) error {
	server, err := app.Server()
	if err != nil {
		return err
	}
	return app.leave(ctx, server)
}

func (o *Options) logger() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}
