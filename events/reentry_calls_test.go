package events_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"weft/core"
	"weft/events"
)

// atHand is what a callback may lay hands on.
type atHand struct {
	side    string
	session session
	other   session // the peer's
	stream  any     // nil if there is none yet
	another any     // likewise
	req     *events.Request
	res     *events.Response
}

// session and stream are what those of both roles have.
type session interface {
	Close()
	Destroy(err error, code core.ErrCode)
	Do(f func())
	Ping(f func(error, time.Duration, [8]byte), payload ...[8]byte) (bool, error)
	Goaway(code core.ErrCode, last events.StreamID, opaque []byte) error
	Settings(s events.Settings, f func(error, events.Settings, time.Duration)) error
	SetTimeout(d time.Duration, f func()) error
}

type stream interface {
	events.Sink
	Close(code core.ErrCode)
	Destroy(err error)
	SendTrailers(h events.Headers) error
	Pipe(dst events.Sink)
	Pause()
	Resume()
	OnClose(f func()) events.Listener
	OnData(f func([]byte)) events.Listener
	SetTimeout(d time.Duration, f func()) error
}

// reentryCall is something to do inside a callback.
type reentryCall struct {
	name string
	do   func(r *reentry, h *atHand)
}

// blocking are methods that must not be called from a callback.
var blocking = map[string]bool{"Ready": true}

// callsIn lists what there is to do inside callbacks of a side: each method, and
// what is worth a thought.
func callsIn(side string, compat bool) []reentryCall {
	list := append([]reentryCall(nil), thoughtful...)
	if side == "server" {
		list = append(list, ofServers...)
	} else {
		list = append(list, ofClients...)
	}
	for i, typ := range roles[side] {
		if i >= 2 && !compat {
			break
		}
		at := func(h *atHand) (reflect.Value, bool) {
			v := reflect.ValueOf([...]any{h.session, h.stream, h.req, h.res}[i])
			return v, v.IsValid() && !v.IsNil()
		}
		var asking []int
		for j := range typ.NumMethod() {
			name := typ.Method(j).Name
			switch {
			case notCalled[name] != "" || blocking[name]:
				continue
			case asks(typ.Method(j).Type):
				asking = append(asking, j)
				continue
			}
			list = append(list, reentryCall{methodName(typ, name), func(r *reentry, h *atHand) {
				if v, ok := at(h); ok {
					for _, res := range r.inventor(h.side).call(v.Method(j)) {
						r.result(h.side, res)
					}
				}
			}})
		}
		list = append(list, reentryCall{"all that " + methodName(typ, "tells"), func(r *reentry, h *atHand) {
			if v, ok := at(h); ok {
				for _, j := range asking {
					v.Method(j).Call(nil)
				}
			}
		}})
	}
	return list
}

// asks reports whether a method only tells something.
func asks(m reflect.Type) bool {
	return m.NumIn() == 1 && m.NumOut() > 0 && m.Out(0).Kind() != reflect.Pointer
}

// result looks at what a method returned.
func (r *reentry) result(side string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case *events.ServerStream:
		if x != nil {
			r.stream(side, x)
		}
	case *events.ClientStream:
		if x != nil {
			r.stream(side, x)
		}
	case error:
		r.given(x)
	}
}

var errAsked = errors.New("as asked")

func onStream(f func(r *reentry, h *atHand, st stream)) func(*reentry, *atHand) {
	return func(r *reentry, h *atHand) {
		if h.stream != nil {
			f(r, h, h.stream.(stream))
		}
	}
}

func onAnother(f func(st stream)) func(*reentry, *atHand) {
	return func(_ *reentry, h *atHand) {
		if h.another != nil {
			f(h.another.(stream))
		}
	}
}

// thoughtful is what is done in either role.
var thoughtful = []reentryCall{
	{"reset with NO_ERROR", onStream(func(_ *reentry, _ *atHand, st stream) { st.Close(core.NoError) })},
	{"reset with CANCEL", onStream(func(_ *reentry, _ *atHand, st stream) { st.Close(core.Cancel) })},
	{"reset with INTERNAL_ERROR", onStream(func(_ *reentry, _ *atHand, st stream) { st.Close(core.InternalError) })},
	{"destroy", onStream(func(_ *reentry, _ *atHand, st stream) { st.Destroy(nil) })},
	{"destroy with an error", onStream(func(_ *reentry, _ *atHand, st stream) { st.Destroy(errAsked) })},
	{"reset and destroy", onStream(func(_ *reentry, _ *atHand, st stream) {
		st.Close(core.Cancel)
		st.Destroy(errAsked)
		st.Close(core.NoError)
	})},
	{"end and reset", onStream(func(_ *reentry, _ *atHand, st stream) { st.End([]byte("x")); st.Close(core.NoError) })},
	{"reset another", onAnother(func(st stream) { st.Close(core.Cancel) })},
	{"destroy another", onAnother(func(st stream) { st.Destroy(errAsked) })},
	{"write to another", onAnother(func(st stream) { st.Write(make([]byte, 3000)); st.End(nil) })},
	{"close the session", func(_ *reentry, h *atHand) { h.session.Close() }},
	{"destroy the session", func(_ *reentry, h *atHand) { h.session.Destroy(nil, core.NoError) }},
	{"destroy the session with a code", func(_ *reentry, h *atHand) { h.session.Destroy(nil, core.EnhanceYourCalm) }},
	{"destroy the session with an error", func(_ *reentry, h *atHand) { h.session.Destroy(errAsked, core.NoError) }},
	{"close and destroy the session", func(_ *reentry, h *atHand) {
		h.session.Close()
		h.session.Destroy(errAsked, core.NoError)
		h.session.Close()
	}},
	{"destroy stream, then session", onStream(func(_ *reentry, h *atHand, st stream) { st.Destroy(nil); h.session.Destroy(errAsked, core.NoError) })},
	{"destroy session, then stream", onStream(func(_ *reentry, h *atHand, st stream) { h.session.Destroy(nil, core.NoError); st.Destroy(errAsked) })},
	{"destroy the peer's session", func(_ *reentry, h *atHand) { h.other.Destroy(errAsked, core.NoError) }},
	{"close the peer's session", func(_ *reentry, h *atHand) { h.other.Close() }},
	{"goaway", func(r *reentry, h *atHand) {
		r.given(h.session.Goaway(core.NoError, 0, nil))
		r.given(h.session.Goaway(core.InternalError, 0, []byte("x")))
	}},
	{"break the connection", func(r *reentry, _ *atHand) { r.link.Reset() }},
	{"trailers twice", onStream(func(r *reentry, _ *atHand, st stream) {
		r.given(st.SendTrailers(events.H("x", "y")))
		r.given(st.SendTrailers(events.H("x", "y")))
		r.given(st.End(nil))
	})},
	{"write much and end", onStream(func(r *reentry, _ *atHand, st stream) {
		_, err := st.Write(make([]byte, 100_000))
		r.given(err)
		r.given(st.End(make([]byte, 10)))
		r.given(st.End(make([]byte, 10)))
	})},
	{"pipe to itself", onStream(func(_ *reentry, _ *atHand, st stream) { st.Pipe(st) })},
	{"pipe to itself, and reset", onStream(func(_ *reentry, _ *atHand, st stream) { st.Pipe(st); st.Close(core.Cancel) })},
	{"pipe to another", func(_ *reentry, h *atHand) {
		if h.another != nil {
			h.stream.(stream).Pipe(h.another.(stream))
		}
	}},
	{"pause and resume", onStream(func(_ *reentry, _ *atHand, st stream) { st.Pause(); st.Resume(); st.Pause() })},
	{"listen, and not", onStream(func(r *reentry, h *atHand, st stream) {
		st.OnClose(func() { defer r.enter(h.side, "OnClose")() }).Once()
		st.OnData(func([]byte) { defer r.enter(h.side, "OnData")() }).Once()
		st.OnData(func([]byte) { r.problem("a listener that was removed is called") }).Remove()
	})},
	{"a short timeout", onStream(func(r *reentry, h *atHand, st stream) {
		f := func() { defer r.enter(h.side, "OnTimeout")() }
		r.given(st.SetTimeout(1, f))
		r.given(h.session.SetTimeout(1, f))
	})},
	{"pings and settings", func(r *reentry, h *atHand) {
		for range 12 {
			_, err := h.session.Ping(func(err error, _ time.Duration, _ [8]byte) {
				defer r.enter(h.side, "pinged")()
				r.given(err)
			})
			r.given(err)
			r.given(h.session.Settings(events.Settings{}, func(err error, _ events.Settings, _ time.Duration) {
				defer r.enter(h.side, "acknowledged")()
				r.given(err)
			}))
		}
	}},
	{"turns in turns", onStream(func(r *reentry, h *atHand, st stream) {
		h.session.Do(func() {
			defer r.enter(h.side, "Do")()
			h.session.Do(func() {
				defer r.enter(h.side, "Do")()
				st.Destroy(errAsked)
			})
			st.End([]byte("x"))
		})
	})},
	{"panic", func(*reentry, *atHand) { panic("as asked") }},
	{"reset and panic", onStream(func(_ *reentry, _ *atHand, st stream) { st.Close(core.Cancel); panic("as asked") })},
	{"destroy the session and panic", func(_ *reentry, h *atHand) { h.session.Destroy(nil, core.NoError); panic("as asked") }},
	{"close the session and panic", func(_ *reentry, h *atHand) { h.session.Close(); panic("as asked") }},
}

var ofClients = []reentryCall{
	{"request and destroy", func(r *reentry, h *atHand) {
		for _, h := range []events.Headers{{}, events.H(":method", "POST"), events.H(":path", "\x00"), events.H("x", strings.Repeat("x", 5000))} {
			st, err := r.client.Request(context.Background(), h)
			r.given(err)
			if st != nil {
				r.stream("client", st)
				st.Destroy(errAsked)
			}
		}
	}},
	{"request, and its context ends", func(r *reentry, h *atHand) {
		ctx, cancel := context.WithCancel(context.Background())
		st, err := r.client.Request(ctx, events.H(":method", "POST"))
		r.given(err)
		if st != nil {
			r.stream("client", st)
		}
		cancel()
	}},
}

func onServerStream(f func(r *reentry, st *events.ServerStream)) func(*reentry, *atHand) {
	return onStream(func(r *reentry, _ *atHand, st stream) { f(r, st.(*events.ServerStream)) })
}

var ofServers = []reentryCall{
	{"respond twice", onServerStream(func(r *reentry, st *events.ServerStream) {
		r.given(st.Respond(events.Status(200)))
		r.given(st.Respond(events.Status(200)))
		r.given(st.End(nil))
	})},
	{"respond at once", onServerStream(func(r *reentry, st *events.ServerStream) {
		r.given(st.Respond(events.Status(204), events.RespondOptions{EndStream: true}))
		r.given(st.End(nil))
	})},
	{"respond too long", onServerStream(func(r *reentry, st *events.ServerStream) {
		r.given(st.Respond(events.H("x", strings.Repeat("x", 5000))))
	})},
	{"inform and respond with trailers", onServerStream(func(r *reentry, st *events.ServerStream) {
		r.given(st.AdditionalHeaders(events.Status(103)))
		r.given(st.Respond(events.Status(200), events.RespondOptions{WaitForTrailers: true}))
		r.given(st.EndString("x"))
		r.given(st.SendTrailers(events.H("x", "y")))
	})},
	{"push and destroy", onServerStream(func(r *reentry, st *events.ServerStream) {
		for i := range 3 {
			push, err := st.PushStream(events.Headers{})
			r.given(err)
			if err != nil {
				return
			}
			r.stream("server", push)
			switch i {
			case 0:
				r.given(push.EndString("x"))
				st.Destroy(nil)
			case 1:
				push.Destroy(errAsked)
			case 2:
				push.Close(core.Cancel)
			}
		}
	})},
	{"a file that is none", onServerStream(func(r *reentry, st *events.ServerStream) {
		r.given(st.RespondWithFile("/", events.Headers{}))
		r.given(st.RespondWithFile("\x00", events.Headers{}))
	})},
	{"a file", onServerStream(func(r *reentry, st *events.ServerStream) {
		r.given(st.RespondWithFile(r.file.Name(), events.Headers{}))
	})},
	{"hold and release", onServerStream(func(r *reentry, st *events.ServerStream) {
		st.Hold()
		st.Destroy(nil)
		st.Release()
	})},
	{"altsvc and origin", func(r *reentry, h *atHand) {
		r.given(r.server.Altsvc(`h2=":81"`, "https://a.example"))
		r.given(r.server.Origin("https://a.example"))
	}},
	{"settings of the server", func(r *reentry, h *atHand) { r.given(r.srv.UpdateSettings(events.Settings{})) }},
	{"close the server", func(r *reentry, h *atHand) { r.given(r.srv.Close()) }},
	{"destroy all", func(r *reentry, h *atHand) { r.srv.DestroyAll() }},
}
