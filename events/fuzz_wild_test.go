package events_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport"
)

// wildKinds says what a server's application listens to.
type wildKinds byte

const (
	onRequest wildKinds = 1 << iota
	onStreamOfSession
	onStreamOfServer
	onConnect
	onCheckContinue
	onCheckExpectation
	inGoroutine // handlers have goroutines
	prompt      // and have returned in time so far, so that they run within turns
)

// wild is a session of ours before a wild peer.
type wild struct {
	t      *testing.T
	kinds  wildKinds
	now    time.Time
	app    *hand // that all callbacks are
	file   *os.File
	peer   *coretest.Peer
	reader *coretest.Reader

	ep      transport.Endpoint
	due     transport.Waiter
	session session
	base    *events.Session
	client  *events.ClientSession // or nil
	inside  int                   // callbacks
	eof     bool
	tame    bool // the peer keeps most rules, so that it gets further

	mu      sync.Mutex // callbacks and handlers share what follows
	streams []any
	known   map[any]bool
	closes  map[any]int
	calls   int

	next core.StreamID // that the peer opens
	last core.StreamID
}

// hand calls methods, as its tape says.
type hand struct {
	w      *wild
	beside bool // the callbacks: it is a handler with a goroutine
	mu     sync.Mutex
	tape   tape
}

func (h *hand) below(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n > 256 {
		return (int(h.tape.byte())<<8 | int(h.tape.byte())) % n
	}
	return h.tape.below(n)
}

func (h *hand) one(n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tape.one(n)
}

// cut takes the next n bytes off the tape: what is done with them doesn't depend
// on what others do meanwhile.
func (h *hand) cut(n int) *hand {
	h.mu.Lock()
	defer h.mu.Unlock()
	n = min(n, len(h.tape.rest))
	part := tape{h.tape.rest[:n:n]}
	h.tape.rest = h.tape.rest[n:]
	return &hand{w: h.w, beside: true, tape: part}
}

// start makes the session, and a client's first requests.
func (w *wild) start(client bool) {
	w.closes, w.known = make(map[any]int), make(map[any]bool)
	opts := events.SessionOptions{
		Logger:       slog.New(slog.DiscardHandler),
		FixedWindows: true,
		Now:          func() time.Time { return w.now },
		Settings: events.Settings{
			InitialWindowSize:    events.Set[uint32](20_000),
			MaxConcurrentStreams: events.Set[uint32](10),
		},
		SessionLimits: events.SessionLimits{MaxSessionMemory: 1},
	}
	if client {
		w.startClient(opts)
	} else {
		w.startServer(opts)
	}
	w.base.OnClose(func() { w.closed(w.base) })
	w.base.OnGoaway(func(core.ErrCode, events.StreamID, []byte) { w.callback(w.session) })
	w.base.OnRemoteSettings(func(events.Settings) { w.callback(w.session) })
	w.base.OnPing(func([8]byte) { w.callback(w.session) })
	w.base.OnError(func(error) { w.callback(w.session) })
	w.base.OnConnect(func() { w.callback(w.session) })
}

func (w *wild) must(err error) {
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *wild) startClient(opts events.SessionOptions) {
	cs, err := events.NewClientSession(w.now, "http://example.org", opts)
	w.must(err)
	w.ep, w.due, w.session, w.base, w.client = cs, cs, cs, &cs.Session, cs
	cs.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) { w.app.stream(st) })
	for i := range 4 {
		st, err := cs.Request(context.Background(), events.H(":method", []string{"GET", "POST"}[i%2]))
		if err == nil { // or a call has closed the session
			w.app.stream(st)
		}
	}
	w.next = 2
}

func (w *wild) startServer(opts events.SessionOptions) {
	w.kinds = wildKinds(w.app.below(256))
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: opts})
	w.must(err)
	ss, err := srv.NewSession(w.now)
	w.must(err)
	w.ep, w.due, w.session, w.base = ss, ss, ss, &ss.Session
	w.peer.Raw([]byte(core.Preface)...)

	streamed := func(st *events.ServerStream, _ events.Headers, _ events.Flags) { w.app.stream(st) }
	handler := w.app.exchange
	if w.kinds&inGoroutine != 0 {
		handler = w.hired
		if w.kinds&prompt != 0 {
			events.Prompt(w.base)
		}
	}
	for kind, register := range map[wildKinds]func(){
		onRequest:          func() { srv.OnRequest(handler) },
		onStreamOfSession:  func() { ss.OnStream(streamed) },
		onStreamOfServer:   func() { srv.OnStream(streamed) },
		onConnect:          func() { srv.OnConnect(handler) },
		onCheckContinue:    func() { srv.OnCheckContinue(handler) },
		onCheckExpectation: func() { srv.OnCheckExpectation(handler) },
	} {
		if w.kinds&kind != 0 {
			register()
		}
	}
	srv.OnSession(func(ss *events.ServerSession) { w.callback(ss) })
	srv.OnSessionError(func(_ error, ss *events.ServerSession) { w.callback(ss) })
	srv.OnTimeout(func(ss *events.ServerSession) { w.callback(ss) })
}

// hired is a handler that has a goroutine.
func (w *wild) hired(req *events.Request, res *events.Response) {
	h := w.app.cut(24)
	fate := h.below(16)
	events.InGoroutine(func(req *events.Request, res *events.Response) {
		h.exchange(req, res)
		switch fate {
		case 15:
			panic("made up")
		case 14:
			runtime.Goexit()
		case 13:
			<-req.Context().Done()
			h.exchange(req, res)
		case 12:
			io.Copy(res.Blocking(), req.Body())
		}
	})(req, res)
}

// settle waits for handlers that have a goroutine.
func (w *wild) settle() {
	if w.kinds&inGoroutine != 0 {
		synctest.Wait()
	}
}

// wait lets a millisecond pass by the clock that looks after such handlers.
func (w *wild) wait() {
	if w.kinds&inGoroutine != 0 {
		<-time.After(time.Millisecond)
		w.pump()
	}
}

func (w *wild) closed(what any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closes[what]++
}

// met reports whether a stream is not new, and notes that it is there.
func (w *wild) met(st any) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known[st] {
		return true
	}
	w.known[st] = true
	w.streams = append(w.streams, st)
	return false
}

func (h *hand) exchange(req *events.Request, res *events.Response) {
	st, _ := req.Stream()
	h.stream(st, req, res)
}

// stream looks after a stream; with are its request and response.
func (h *hand) stream(st any, with ...any) {
	w := h.w
	all := append([]any{st}, with...)
	in := func() { w.callback(all...) }
	if !w.met(st) {
		s := st.(stream)
		s.OnClose(func() { w.closed(st); in() })
		if h.one(2) {
			s.OnData(func([]byte) { in() })
		}
	}
	for _, of := range all {
		for _, l := range listenings[reflect.TypeOf(of)] {
			if h.one(4) && !l.closes {
				f := reflect.MakeFunc(l.f, func([]reflect.Value) []reflect.Value { in(); return nil })
				reflect.ValueOf(of).Method(l.method).Call([]reflect.Value{f})
			}
		}
	}
	h.act(all...)
}

// late looks after a stream made by a call.
func (w *wild) late(st any) {
	if !w.met(st) {
		st.(stream).OnClose(func() { w.closed(st); w.callback(st) })
	}
}

// callback is called in each callback: it calls some methods.
func (w *wild) callback(at ...any) {
	if w.inside > 0 {
		w.t.Error("a callback inside another")
	}
	w.inside++
	defer func() { w.inside-- }()
	w.app.act(at...)
}

// mayCall counts a call, if there may be one more.
func (w *wild) mayCall() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	return w.calls <= 300
}

// act calls some methods of what is at hand.
func (h *hand) act(at ...any) {
	w := h.w
	for h.one(2) && w.mayCall() {
		v := reflect.ValueOf(at[h.below(len(at))])
		if h.one(16) {
			v = reflect.ValueOf(w.session)
		}
		i := h.below(v.NumMethod())
		m := v.Type().Method(i)
		if notCalled[m.Name] != "" || blocking[m.Name] {
			continue
		}
		inv := &inventor{below: h.below, file: w.file, tidy: h.one(2), inside: func(f func()) {
			if h.beside {
				f()
				return
			}
			w.inside++
			f()
			w.inside--
		}}
		for _, res := range inv.call(v.Method(i)) {
			w.result(m.Name, res)
		}
	}
}

// result looks at what a method returned.
func (w *wild) result(method string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case *events.ServerStream:
		if x != nil && method == "PushStream" {
			w.late(x)
		}
	case *events.ClientStream:
		if x != nil {
			w.late(x)
		}
	case error:
		var e *events.Error
		if x != nil && method != "Err" && !errors.As(x, &e) {
			w.t.Errorf("%s returns an error that is no *events.Error: %T %v", method, x, x)
		}
	}
}
