package events_test

import (
	"context"
	"strings"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// reentryScene is a short story in which some events happen.
type reentryScene struct {
	name   string
	compat bool // the server's requests come by OnRequest
	secure bool // the connection counts as encrypted
	play   func(w *reentryWorld)
}

type reentryWorld struct {
	r      *reentry
	link   *mem.Link
	srv    *events.Server
	client *events.ClientSession
	server *events.ServerSession
	req    *events.Request // the last one
	res    *events.Response
}

// request makes a request within a turn.
func (w *reentryWorld) request(h events.Headers, o events.RequestOptions, with func(st *events.ClientStream)) {
	w.client.Do(func() {
		st, err := w.client.Request(context.Background(), h, o)
		if err != nil {
			return // by then the session has ended
		}
		w.r.stream("client", st)
		if with != nil {
			with(st)
		}
	})
}

// serve has requests answered by their path.
func (w *reentryWorld) serve(by map[string]func(st *events.ServerStream)) {
	w.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		if f := by[h.Path()]; f != nil {
			f(st)
		}
	})
}

// pass lets time go by, more than anything takes.
func (w *reentryWorld) pass() { w.link.RunFor(300 * time.Millisecond) }

func post(path string) events.Headers { return events.H(":method", "POST", ":path", path) }

var withTrailers = events.RequestOptions{WaitForTrailers: true}

var reentryScenes = []reentryScene{
	{"an exchange with all there is", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){
			"/": func(st *events.ServerStream) {
				st.AdditionalHeaders(events.Status(100))
				st.AdditionalHeaders(events.Status(103))
				if push, err := st.PushStream(events.H(":path", "/pushed")); err == nil {
					w.r.stream("server", push)
					push.EndString("pushed")
				}
				st.Respond(events.Status(200), events.RespondOptions{WaitForTrailers: true})
				st.Write(make([]byte, 3000))
				st.OnWantTrailers(func() { st.SendTrailers(events.H("tail", "x")) })
				st.OnEnd(func() { st.End(nil) })
				st.Resume()
			},
			"/second": func(st *events.ServerStream) {
				st.Respond(events.Status(200))
				st.WriteString("x")
				w.link.After(50*time.Millisecond, func() { st.End(nil) })
			},
		})
		w.request(post("/"), withTrailers, func(st *events.ClientStream) {
			st.Write(make([]byte, 3000))
			st.OnWantTrailers(func() { st.SendTrailers(events.H("tail", "x")) })
			st.OnResponse(func(events.Headers, events.Flags) { st.End(make([]byte, 10)) })
			st.Resume()
		})
		w.request(events.H(":path", "/second"), events.RequestOptions{}, func(st *events.ClientStream) { st.Resume() })
		w.pass()
	}},
	{"the sessions' own affairs", false, true, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){"/": func(st *events.ServerStream) { st.Respond(events.Status(200)) }})
		w.request(post("/"), events.RequestOptions{}, nil)
		w.client.Ping(func(error, time.Duration, [8]byte) {})
		w.server.Ping(func(error, time.Duration, [8]byte) {})
		w.client.Settings(events.Settings{InitialWindowSize: events.Set[uint32](100_000)}, nil)
		w.server.Settings(events.Settings{InitialWindowSize: events.Set[uint32](100_000)}, nil)
		w.server.Altsvc(`h2=":81"`, "https://a.example")
		w.server.Origin("https://a.example")
		w.pass()
	}},
	{"the client leaves", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){"/": func(st *events.ServerStream) { st.Respond(events.Status(200)) }})
		w.request(post("/"), events.RequestOptions{}, nil)
		w.link.RunFor(50 * time.Millisecond)
		w.client.Goaway(core.InternalError, 0, nil)
		w.pass()
	}},
	{"the server leaves", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){"/": func(st *events.ServerStream) { st.Respond(events.Status(200)) }})
		w.request(post("/"), events.RequestOptions{}, nil)
		w.link.RunFor(50 * time.Millisecond)
		w.server.Goaway(core.InternalError, 0, nil)
		w.pass()
	}},
	{"streams that break off", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){
			"/ours":  func(st *events.ServerStream) { st.Respond(events.Status(200)) },
			"/yours": func(st *events.ServerStream) { st.Respond(events.Status(200)); st.Close(core.InternalError) },
			"/wait":  func(st *events.ServerStream) { st.Respond(events.Status(200)) },
		})
		w.request(post("/ours"), events.RequestOptions{}, func(st *events.ClientStream) {
			st.OnResponse(func(events.Headers, events.Flags) { st.Close(core.InternalError) })
		})
		w.request(post("/yours"), events.RequestOptions{}, nil)
		w.request(post("/wait"), events.RequestOptions{}, nil)
		w.pass()
	}},
	{"timeouts", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){"/": func(st *events.ServerStream) {
			st.Respond(events.Status(200))
			st.SetTimeout(20*time.Millisecond, nil)
			w.server.SetTimeout(25*time.Millisecond, nil)
		}})
		for range 2 {
			w.request(post("/"), events.RequestOptions{}, func(st *events.ClientStream) {
				st.SetTimeout(80*time.Millisecond, nil)
				w.client.SetTimeout(90*time.Millisecond, nil)
			})
		}
		w.pass()
	}},
	{"a request that is too long", false, false, func(w *reentryWorld) {
		w.serve(nil)
		w.request(post("/other"), events.RequestOptions{}, nil)
		w.request(events.H("x", strings.Repeat("x", 5000)), events.RequestOptions{}, nil)
		w.pass()
	}},
	{"a response that is too long", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){"/": func(st *events.ServerStream) {
			st.Respond(events.H("x", strings.Repeat("x", 5000)))
		}})
		w.request(post("/other"), events.RequestOptions{}, nil)
		w.request(post("/"), events.RequestOptions{}, nil)
		w.pass()
	}},
	{"the connection breaks", false, false, func(w *reentryWorld) {
		w.serve(map[string]func(*events.ServerStream){"/": func(st *events.ServerStream) { st.Respond(events.Status(200)) }})
		w.request(post("/"), events.RequestOptions{}, nil)
		w.link.RunFor(50 * time.Millisecond)
		w.link.Reset()
		w.pass()
	}},
	{"requests and responses", true, false, func(w *reentryWorld) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			req.OnData(func([]byte) {})
			res.SetTrailer("tail", "x")
			res.Write(make([]byte, 3000))
			req.OnEnd(func() { res.End(nil) })
		})
		for range 2 {
			w.request(post("/"), withTrailers, func(st *events.ClientStream) {
				st.OnWantTrailers(func() { st.SendTrailers(events.H("tail", "x")) })
				st.OnResponse(func(events.Headers, events.Flags) { st.End(make([]byte, 10)) })
				st.Resume()
			})
		}
		w.pass()
	}},
	{"requests that are broken off", true, false, func(w *reentryWorld) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			req.OnData(func([]byte) {})
			res.WriteString("x")
			req.SetTimeout(20*time.Millisecond, nil)
		})
		for range 2 {
			w.request(post("/"), events.RequestOptions{}, func(st *events.ClientStream) {
				st.WriteString("x")
				w.link.After(100*time.Millisecond, func() { st.Close(core.Cancel) })
			})
		}
		w.pass()
	}},
}
