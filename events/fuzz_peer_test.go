package events_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
)

// FuzzEventsPeer has a session speak with a peer that keeps no rule, while the
// application calls any methods from callbacks and handlers. Nothing panics, what
// is kept is bounded, what is sent can be read, and everything closes once.
//
// The first byte of app says what the application listens to (wildKinds).
func FuzzEventsPeer(f *testing.F) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 95))
		f.Add(seed%4 == 0, some(r, r.IntN(100)), some(r, 50+r.IntN(400)))
	}
	for kinds := range wildKinds(0xff) {
		for i, wire := range [][]byte{rawRequests(), manyRequests()} {
			r := rand.New(rand.NewPCG(uint64(kinds), uint64(i)))
			f.Add(false, append([]byte{byte(kinds)}, some(r, 400)...), append([]byte{0xff}, wire...))
		}
	}
	file, err := os.CreateTemp(f.TempDir(), "")
	if err != nil {
		f.Fatal(err)
	}
	file.WriteString("a file")
	f.Fuzz(func(t *testing.T, client bool, app, wire []byte) {
		synctest.Test(t, func(t *testing.T) {
			w := &wild{t: t, now: mem.Epoch, file: file, next: 1}
			w.app = &hand{w: w, tape: tape{app}}
			w.peer = coretest.NewPeer()
			w.reader = coretest.NewReader(client)
			w.reader.MaxFrame = 1<<24 - 1
			w.start(client)
			w.run(&tape{wire})
		})
	})
}

func some(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// rawRequests is what a client sends for some requests.
func rawRequests() []byte {
	p := coretest.NewPeer()
	p.SettingsAck()
	p.Headers(1, true, coretest.Request("GET", "/")...)
	p.Headers(3, false, append(coretest.Request("POST", "/x"), core.Field{Name: "expect", Value: "100-continue"})...)
	p.Data(3, make([]byte, 20), false)
	p.WindowUpdate(0, 100_000).WindowUpdate(3, 100_000)
	p.Headers(3, true, core.Field{Name: "tail", Value: "x"})
	block := p.Block(coretest.Request("PUT", "/y")...)
	p.Frame(frame.TypeHeaders, 0, 5, block[:5]).Frame(frame.TypeContinuation, frame.FlagEndHeaders, 5, block[5:])
	p.Data(5, make([]byte, 5000), false).Reset(5, core.Cancel)
	return p.Ping(false, [8]byte{1}).Headers(7, true, coretest.Request("HEAD", "/")...).GoAway(0, core.NoError, "bye").Bytes()
}

// manyRequests is what a client sends for more requests than are made one by one
// in a turn, of each kind that has a listener of its own.
func manyRequests() []byte {
	p := coretest.NewPeer()
	p.SettingsAck()
	for id := core.StreamID(1); id < 40; id += 2 {
		switch id {
		case 19, 25, 31:
			p.Headers(id, false, coretest.Request("CONNECT", "example.org:80")...)
		case 21, 27:
			p.Headers(id, false, append(coretest.Request("PUT", "/x"), core.Field{Name: "expect", Value: "100-continue"})...)
		case 23, 29:
			p.Headers(id, false, append(coretest.Request("PUT", "/x"), core.Field{Name: "expect", Value: "200-ok"})...)
		default:
			p.Headers(id, true, coretest.Request("GET", "/")...)
			if id%4 == 1 { // or those that nobody answers fill the places
				p.Reset(id, core.Cancel)
			}
		}
	}
	return p.Bytes()
}

// run plays the peer, and then ends all.
func (w *wild) run(t *tape) {
	how := t.byte()
	w.tame = how&1 != 0
	w.peer.Settings()
	if how == 0xff { // bytes as they are
		w.peer.Raw(t.rest...)
		t.rest = nil
	}
	for n := 0; !t.done() && n < 300 && !w.ep.Done(); n++ {
		w.play(t)
		if t.one(2) {
			w.flush(t)
		}
	}
	w.flush(t)
	if t.one(2) && !w.eof {
		w.eof = true
		w.ep.ReceiveEOF(w.now, nil)
	}
	w.wait()
	w.base.Destroy(nil, core.NoError)
	synctest.Wait()
	w.pump()
	if !w.eof {
		w.ep.ReceiveEOF(w.now, nil)
	}
	synctest.Wait()
	for _, v := range append(w.streams, w.base) {
		if w.closes[v] != 1 {
			w.t.Errorf("%v closed %d times", v, w.closes[v])
		}
	}
	if said, counted := events.Accounts(w.base); said != [4]int{} || counted != [4]int{} {
		w.t.Errorf("in the end %v are kept, it says %v", counted, said)
	}
}

// flush has the session receive what the peer has written, perhaps in pieces.
func (w *wild) flush(t *tape) {
	p := w.peer.Bytes()
	for len(p) > 0 && !w.ep.Done() {
		n := len(p)
		if t.one(4) {
			n = min(n, 1+int(t.byte()))
		}
		if !w.ep.ReadPaused() {
			w.ep.Receive(w.now, p[:n])
		}
		p = p[n:]
		w.pump()
	}
}

// pump does what whoever drives a session does.
func (w *wild) pump() {
	for n := 0; ; n++ {
		if n > 5000 {
			w.t.Fatal("it is never done")
		}
		w.settle()
		out := w.ep.SwapOutput(nil)
		switch {
		case len(out) > 0:
			if err := w.reader.Read(out, func(coretest.Frame) error { return nil }); err != nil {
				w.t.Fatalf("what was sent can't be read: %v", err)
			}
			w.ep.Wrote(w.now, len(out))
		case w.ep.Done():
			return
		case w.due.Due():
			w.ep.Advance(w.now)
		default:
			w.check()
			return
		}
	}
}

// check looks at what is kept.
func (w *wild) check() {
	said, counted := events.Accounts(w.base)
	if said != counted {
		w.t.Fatalf("it says it keeps %v, and has %v", said, counted)
	}
	if n := said[3] * 65535; said[1] > n { // the peer may not have our settings yet
		w.t.Fatalf("%d bytes are kept for %d streams", said[1], said[3])
	}
	if n := said[1] + said[2]; n > 3_000_000 {
		w.t.Fatalf("%d bytes of the peer's are kept", n)
	}
}

// play has the peer do something.
func (w *wild) play(t *tape) {
	id := w.id(t)
	what := t.below(24)
	if w.tame && (what == 16 || 19 <= what && what <= 21) {
		return
	}
	switch p := w.peer; what {
	case 0, 1, 2, 3:
		if w.client != nil {
			p.Headers(id, t.one(4), coretest.Response(pick(t, "200", "200", "103", "404", "100", "x"))...)
			return
		}
		w.last = w.next
		w.next += 2
		list := coretest.Request(pick(t, "GET", "POST", "HEAD", "CONNECT", "bad method"), pick(t, "/", "/x", "", "*"))
		for range t.below(4) {
			list = append(list, core.Field{Name: pick(t, "x", "expect", "content-length", "te", "cookie", "X", "connection"), Value: pick(t, "100-continue", "1", "trailers", "", " x")})
		}
		p.Headers(w.last, t.one(2), list...)
	case 4, 5, 6, 7, 8:
		p.Data(id, make([]byte, pick(t, 1, 0, 100, 5000, 16384, w.rather(16385, 16000))), t.one(4))
	case 9:
		p.Headers(id, !t.one(4), core.Field{Name: pick(t, "tail", ":status", "TAIL"), Value: "x"})
	case 10, 11:
		p.Reset(id, core.ErrCode(t.below(16)))
	case 12, 13:
		p.WindowUpdate(pick(t, id, 0), pick[uint32](t, 100_000, 1, uint32(w.rather(0, 2)), uint32(w.rather(1<<31-1, 3))))
	case 14, 15:
		list := make([]core.Setting, t.below(4))
		for i := range list {
			list[i] = core.Setting{ID: core.SettingID(w.rather(t.below(12), 4-t.below(2))), Value: pick[uint32](t, 0, 1, 100, 16384, 65535, 1<<20, 1<<30, uint32(w.rather(-1, 1000)))}
		}
		p.Settings(list...)
	case 16:
		p.SettingsAck()
	case 17:
		p.Frame(frame.TypePing, frame.Flags(t.below(2)), 0, make([]byte, 8))
	case 18:
		if w.client != nil {
			promised := w.next
			w.next += 2
			p.PushPromise(id, promised, coretest.Request("GET", pick(t, "/", "x"))...)
		}
	case 19:
		p.Frame(frame.TypeGoAway, 0, 0, append(make([]byte, 3), t.byte(), 0, 0, 0, t.byte(), 'x'))
	case 20:
		payload := make([]byte, t.below(40))
		for i := range payload {
			payload[i] = t.byte()
		}
		p.Frame(frame.Type(t.below(20)), frame.Flags(t.byte()), pick(t, id, 0), payload)
	case 21:
		for range t.below(40) {
			p.Raw(t.byte())
		}
	case 22:
		w.now = w.now.Add(pick(t, time.Millisecond, time.Second, 20*time.Second))
		if at := w.ep.NextDeadline(); !w.ep.Done() && !at.IsZero() && !at.After(w.now) {
			w.ep.Advance(w.now)
			w.pump()
		}
		w.wait()
	case 23: // the application does something of its own
		if n := len(w.streams); n > 0 {
			st := w.streams[t.below(n)]
			w.base.Do(func() { w.callback(st) })
		}
	}
}

// rather is what a wild peer says, or what a tame one does.
func (w *wild) rather(wild, tame int) int {
	if w.tame {
		return tame
	}
	return wild
}

// id picks a stream: the last one, or another.
func (w *wild) id(t *tape) core.StreamID {
	if w.client != nil {
		return core.StreamID(pick(t, 1, 3, 5, 7, 2, 4, 9, 0))
	}
	return core.StreamID(max(0, int(w.last)-2*pick(t, 0, 0, 0, 1, 2, 5, w.rather(-1, 0))))
}
