package nodetest

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// optioned is a session with options, and a raw peer.
type optioned struct {
	*raw
	t       *testing.T
	factory string // createServer, createSecureServer, connect
	session *events.Session
	server  *events.ServerSession // one of the two
	client  *events.ClientSession
	ended   error // what the session ended with
}

// serverOptions runs f with a session of a server of each kind.
func serverOptions(t *testing.T, opts events.SessionOptions, f func(o *optioned)) {
	t.Helper()
	opts.Logger = silent
	plain, err := events.CreateServer(events.ServerOptions{SessionOptions: opts})
	if err != nil {
		t.Fatal(err)
	}
	secure, err := events.CreateSecureServer(events.SecureServerOptions{
		ServerOptions: events.ServerOptions{SessionOptions: opts},
		TLS:           testTLS(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	for factory, srv := range map[string]*events.Server{"createServer": plain, "createSecureServer": &secure.Server} {
		ss, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		o := &optioned{t: t, raw: newRaw(t, ss, false), factory: factory, session: &ss.Session, server: ss}
		o.session.OnError(func(err error) { o.ended = err })
		f(o)
	}
}

// clientOptions runs f with a client's session.
func clientOptions(t *testing.T, opts events.SessionOptions, f func(o *optioned)) {
	t.Helper()
	opts.Logger = silent
	cs, err := events.NewClientSession(mem.Epoch, "http://example.org", opts)
	if err != nil {
		t.Fatal(err)
	}
	o := &optioned{t: t, raw: newRaw(t, cs, true), factory: "connect", session: &cs.Session, client: cs}
	o.session.OnError(func(err error) { o.ended = err })
	f(o)
}

// sessionOptions runs f with a session of each kind.
func sessionOptions(t *testing.T, opts events.SessionOptions, f func(o *optioned)) {
	t.Helper()
	serverOptions(t, opts, f)
	clientOptions(t, opts, f)
}

// shows says which option, of whichever factory, is shown.
func (o *optioned) shows(option string) {
	o.t.Helper()
	if !o.t.Failed() {
		covers(o.t, o.factory+".option."+option)
	}
}

// exchange has the session send a header block of about n bytes: a request, or
// the response to one that is made for it. It returns the stream and the length
// of the block.
func (o *optioned) exchange(id core.StreamID, n int) (st *events.Stream, size int) {
	o.t.Helper()
	h := events.H("x-long", strings.Repeat("x", n)+"~") // no Huffman code makes it much shorter
	if o.client != nil {
		o.session.Do(func() {
			cst, err := o.client.Request(o.t.Context(), h)
			if err != nil {
				o.t.Error(err)
				return
			}
			st = &cst.Stream
		})
		o.link.Settle()
	} else {
		o.server.OnStream(func(sst *events.ServerStream, _ events.Headers, _ events.Flags) {
			st = &sst.Stream
			sst.Respond(h)
			sst.End(nil)
		}).Once()
		o.send(o.peer.Headers(id, true, coretest.Request("GET", "/")...))
	}
	for _, f := range o.got.frames {
		if f.Type == frame.TypeHeaders && f.Stream == id {
			for _, n := range f.Sizes {
				size += n
			}
		}
	}
	return st, size
}

// cut reports whether the session was ended with an error code.
func (o *optioned) cut(code core.ErrCode) bool {
	for _, line := range o.got.list() {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "GOAWAY" && f[2] == code.String() {
			return true
		}
	}
	return false
}

func (o *optioned) handshake(list ...core.Setting) {
	o.send(o.peer.Handshake(o.server != nil, list...))
}
