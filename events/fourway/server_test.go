package fourway

import (
	"crypto/tls"
	"log/slog"
	"net"

	"weft/events"
)

// A serverEnd is the server's end of a scenario, on package events.
type serverEnd struct {
	end
	server    *events.Server
	handlers  map[string]func(st *events.ServerStream, h events.Headers)
	unread    map[string]bool
	exchanges map[string]map[string]served // by event and path
	onSession []func(ss *events.ServerSession)
	accepted  *signal
	muted     bool
}

// on serves a path.
func (w *serverEnd) on(path string, f func(st *events.ServerStream, h events.Headers)) {
	w.handlers[path] = f
}

// onUnread serves a path and listens to no data.
func (w *serverEnd) onUnread(path string, f func(st *events.ServerStream, h events.Headers)) {
	w.on(path, f)
	w.unread[path] = true
}

// session has f called with each session in its first turn.
func (w *serverEnd) session(f func(ss *events.ServerSession)) { w.onSession = append(w.onSession, f) }

// mute is for scenarios in which it is chance what the server hears.
func (w *serverEnd) mute() {
	w.muted = true
	w.accepted.fire()
}

// weftServe starts the server half of a scenario.
func weftServe(sc *scenario, pki *pki) (port int, stop func() transcript, err error) {
	w := &serverEnd{
		end:       newEnd(),
		handlers:  map[string]func(*events.ServerStream, events.Headers){},
		unread:    map[string]bool{},
		exchanges: map[string]map[string]served{},
		accepted:  newSignal(),
	}
	opts := events.SecureServerOptions{}
	opts.Logger = slog.New(slog.DiscardHandler)
	if sc.serverOptions != nil {
		sc.serverOptions(&opts)
	}
	if pki != nil {
		opts.TLS = &tls.Config{Certificates: []tls.Certificate{pki.cert}}
		secure, err := events.CreateSecureServer(opts)
		if err != nil {
			return 0, nil, err
		}
		w.server = &secure.Server
	} else if w.server, err = events.CreateServer(opts.ServerOptions); err != nil {
		return 0, nil, err
	}
	w.server.OnSession(func(ss *events.ServerSession) {
		if w.muted {
			return
		}
		w.watchSession(&ss.Session, w.named("session"))
		w.accepted.fire()
		for _, f := range w.onSession {
			f(ss)
		}
	})
	w.server.OnSessionError(func(err error, _ *events.ServerSession) {
		if !w.muted {
			w.say("server", "sessionError %s", errorText(err))
		}
	})
	sc.server(w)
	if len(w.exchanges) > 0 {
		w.serveExchanges()
		return w.listen()
	}
	w.server.OnStream(func(st *events.ServerStream, h events.Headers, flags events.Flags) {
		path := h.Path()
		if path == "" {
			path = h.Method()
		}
		if !w.muted {
			name := w.named(path)
			w.say(name, "request flags=%d %s", flags, fieldsText(h))
			w.watch(&st.Stream, name, !w.unread[path])
		}
		if f := w.handlers[path]; f != nil {
			f(st, h)
		}
	})
	return w.listen()
}

func (w *serverEnd) listen() (port int, stop func() transcript, err error) {
	addr, err := w.server.Listen("127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	return addr.(*net.TCPAddr).Port, func() transcript {
		w.await(w.accepted.ch, "session")
		w.quiet("")
		told := w.told()
		w.server.DestroyAll()
		w.server.Wait()
		return told
	}, nil
}
