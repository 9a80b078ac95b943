package core_test

import (
	"bytes"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
)

// attacker writes frames to a server and counts what it got out of it.
type attacker struct {
	t       *testing.T
	c       *core.Conn
	blocks  *peerBlocks
	next    core.StreamID
	instant bool // requests are answered as soon as they come
	now     time.Time

	served int
	resets map[core.ErrCode]int
	closed *core.ConnClosed
}

func newAttacker(t *testing.T, instant bool, cfg core.Config) *attacker {
	a := &attacker{t: t, c: mustServer(t, cfg), blocks: newPeerBlocks(), next: 1, instant: instant, now: epoch,
		resets: make(map[core.ErrCode]int)}
	a.send(frame.AppendSettingsAck(frame.AppendSettings([]byte(core.Preface), nil)))
	return a
}

func (a *attacker) get() []byte {
	in := frame.AppendHeaders(nil, a.next, a.blocks.encode(request), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
	a.next += 2
	return in
}

func (a *attacker) post(extra ...core.Field) []byte {
	fields := append([]core.Field{{Name: ":method", Value: "POST"}}, request[1:]...)
	in := frame.AppendHeaders(nil, a.next, a.blocks.encode(append(fields, extra...)), frame.FlagEndHeaders, nil, -1)
	a.next += 2
	return in
}

// send delivers bytes, and takes the output as a peer that reads it would.
func (a *attacker) send(in []byte) {
	a.c.Receive(a.now, in)
	for {
		for ev := a.c.Next(); ev != nil; ev = a.c.Next() {
			switch ev := ev.(type) {
			case *core.HeadersReceived:
				a.served++
				if a.instant && ev.EndStream {
					if err := a.c.Headers(a.now, ev.Stream, response[:2], true); err != nil {
						a.t.Fatal(err)
					}
				}
			case *core.StreamReset:
				a.resets[ev.Code]++
			case *core.ConnClosed:
				a.closed = ev.Clone().(*core.ConnClosed)
			}
		}
		if len(a.c.AppendOutput(nil)) == 0 {
			return
		}
	}
}

// until repeats a pattern, many in one write, until the connection is closed.
func (a *attacker) until(most int, pattern func(i int) []byte) (repeats int) {
	for i := 0; i < most && a.closed == nil; {
		var in []byte
		n := 0
		for ; n < 50 && i+n < most; n++ {
			in = append(in, pattern(i+n)...)
		}
		a.send(in)
		i += n
		repeats = i
	}
	return repeats
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestFloods sends what is known to have hurt servers, within one instant, and
// asks after how many repetitions the connection is cut.
func TestFloods(t *testing.T) {
	unknown := frame.AppendHeader(nil, frame.Header{Type: 0xfe})
	ping := frame.AppendPing(nil, false, [8]byte{})
	opened := func(a *attacker) { a.send(a.post()) }
	for _, tt := range []struct {
		name    string
		row     string
		instant bool
		setup   func(*attacker)
		pattern func(*attacker) []byte
		most    int // repetitions, counted in steps of 50
		served  int // handlers started at most
	}{
		{name: "mixed", row: "AC-001", instant: true, setup: func(a *attacker) { a.send(a.get()) }, most: 450,
			pattern: func(a *attacker) []byte {
				return cat(ping, frame.AppendSettings(nil, nil), frame.AppendPriority(nil, 1, core.Priority{Weight: 16}),
					unknown, frame.AppendRSTStream(nil, 1, core.Cancel))
			}},
		{name: "ping", row: "AC-003", pattern: func(*attacker) []byte { return ping }, most: 1050},
		{name: "priority", row: "AC-004", most: 10050, setup: opened,
			pattern: func(a *attacker) []byte { return frame.AppendPriority(nil, 1, core.Priority{Parent: 3, Weight: 5}) }},
		{name: "settings", row: "AC-006", most: 1050,
			pattern: func(*attacker) []byte { return frame.AppendSettings(nil, nil) }},
		{name: "empty data", row: "AC-009", most: 1050, setup: opened,
			pattern: func(*attacker) []byte { return frame.AppendData(nil, 1, nil, false, -1) }},
		{name: "rapid reset", row: "AC-010", most: 1100, served: 1100,
			pattern: func(a *attacker) []byte {
				in := a.get()
				return frame.AppendRSTStream(in, a.next-2, core.Cancel)
			}},
		{name: "rapid reset of instant answers", row: "AC-010", instant: true, most: 1100, served: 1100,
			pattern: func(a *attacker) []byte {
				in := a.get()
				return frame.AppendRSTStream(in, a.next-2, core.Cancel)
			}},
		{name: "zero increment", row: "AC-012", most: 1050, served: 1100,
			pattern: func(a *attacker) []byte { in := a.get(); return frame.AppendWindowUpdate(in, a.next-2, 0) }},
		{name: "zero increment after instant answers", row: "AC-012", instant: true, most: 1100, served: 1100,
			pattern: func(a *attacker) []byte { in := a.get(); return frame.AppendWindowUpdate(in, a.next-2, 0) }},
		{name: "window overflow", row: "AC-012", most: 1050, served: 1100,
			pattern: func(a *attacker) []byte { in := a.get(); return frame.AppendWindowUpdate(in, a.next-2, 1<<31-1) }},
		{name: "window overflow after instant answers", row: "AC-012", instant: true, most: 1100, served: 1100,
			pattern: func(a *attacker) []byte { in := a.get(); return frame.AppendWindowUpdate(in, a.next-2, 1<<31-1) }},
		{name: "self-dependency", row: "AC-012", instant: true, most: 1100, served: 1100,
			pattern: func(a *attacker) []byte {
				in := a.get()
				return frame.AppendPriority(in, a.next-2, core.Priority{Parent: a.next - 2, Weight: 16})
			}},
		{name: "data after instant answers", row: "AC-013", instant: true, most: 1100, served: 1100,
			pattern: func(a *attacker) []byte { in := a.get(); return frame.AppendData(in, a.next-2, []byte("x"), false, -1) }},
		{name: "trailers after instant answers", row: "AC-013", instant: true, most: 1100, served: 1100,
			pattern: func(a *attacker) []byte {
				in := a.get()
				return frame.AppendHeaders(in, a.next-2, []byte("\x00\x01x\x01y"), frame.FlagEndStream|frame.FlagEndHeaders, nil, -1)
			}},
		{name: "content-length overrun", row: "AC-013", most: 1050, served: 1100,
			pattern: func(a *attacker) []byte {
				in := a.post(core.Field{Name: "content-length", Value: "5"})
				return frame.AppendData(in, a.next-2, []byte("sixsix"), false, -1)
			}},
		{name: "refused streams", row: "AC-014", most: 2150, served: 100,
			setup:   func(a *attacker) { a.until(100, func(int) []byte { return a.get() }) },
			pattern: func(a *attacker) []byte { return a.get() }},
		{name: "malformed requests", row: "AC-015", most: 1050,
			pattern: func(a *attacker) []byte {
				in := a.post(core.Field{Name: "connection", Value: "close"})
				return in
			}},
		{name: "tiny window updates", row: "AC-046", most: 10200, setup: opened,
			pattern: func(*attacker) []byte { return frame.AppendWindowUpdate(nil, 0, 1) }},
		{name: "closed streams", row: "AC-047", most: 10100, instant: true, setup: func(a *attacker) { a.send(a.get()) },
			pattern: func(*attacker) []byte { return frame.AppendWindowUpdate(nil, 1, 1) }},
		{name: "padding only", row: "AC-050", most: 1050, setup: opened,
			pattern: func(*attacker) []byte { return frame.AppendData(nil, 1, nil, false, 255) }},
		{name: "stray settings acks", row: "AC-057", most: 1050,
			pattern: func(*attacker) []byte { return frame.AppendSettingsAck(nil) }},
		{name: "stray ping acks", row: "AC-057", most: 1050,
			pattern: func(*attacker) []byte { return frame.AppendPing(nil, true, [8]byte{1}) }},
		{name: "goaway", row: "AC-058", most: 1050,
			pattern: func(*attacker) []byte { return frame.AppendGoAway(nil, frame.GoAwayFrame{}) }},
		{name: "unknown frames", row: "AC-065", most: 10050, pattern: func(*attacker) []byte { return unknown }},
		{name: "altsvc", row: "AC-070", most: 10050,
			pattern: func(*attacker) []byte { return frame.AppendAltSvc(nil, 0, "https://a.example", "h2=\":1\"") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAttacker(t, tt.instant, core.Config{})
			if tt.setup != nil {
				tt.setup(a)
			}
			before := a.served
			n := a.until(tt.most+1000, func(int) []byte { return tt.pattern(a) })
			if a.closed == nil {
				t.Fatalf("%s: not cut after %d repetitions, %d points left", tt.row, n, a.c.Info().AbuseLeft)
			}
			if a.closed.Code != core.EnhanceYourCalm || a.closed.Fault != core.FaultAbuse {
				t.Errorf("%s: %v, want ENHANCE_YOUR_CALM", tt.row, a.closed)
			}
			if n > tt.most {
				t.Errorf("%s: cut after %d repetitions, want %d", tt.row, n, tt.most)
			}
			if s := a.served - before; tt.served > 0 && s > tt.served {
				t.Errorf("%s: %d requests got through, want at most %d", tt.row, s, tt.served)
			}
		})
	}
}

// TestHonestTrafficIsNeverCut runs the patterns that look like floods and are
// not (AC-053).
func TestHonestTrafficIsNeverCut(t *testing.T) {
	t.Run("browser cancels", func(t *testing.T) {
		cfg := core.Config{Settings: []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 1000}}}
		a := newAttacker(t, false, cfg)
		for range 6 { // a reload every half minute
			first := a.next
			var in []byte
			for range 500 {
				in = append(in, a.get()...)
			}
			a.send(in)
			in = nil
			for id := first; id < a.next; id += 2 {
				in = frame.AppendRSTStream(in, id, core.Cancel)
			}
			a.send(in)
			a.now = a.now.Add(30 * time.Second)
		}
		if a.closed != nil || a.c.Info().GoingAway {
			t.Errorf("cut: %v", a.closed)
		}
	})
	t.Run("small frames", func(t *testing.T) {
		a := newAttacker(t, true, core.Config{})
		for i := range 20000 {
			in := a.post()
			id := a.next - 2
			in = frame.AppendData(in, id, make([]byte, 40), false, -1)
			if i%20 == 0 { // one in twenty is cancelled
				in = frame.AppendRSTStream(in, id, core.Cancel)
			} else {
				in = frame.AppendHeaders(in, id, a.blocks.encode([]core.Field{{Name: "x-sum", Value: "1"}}),
					frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
			}
			in = frame.AppendWindowUpdate(in, 0, 40)
			a.send(in)
			if a.c.StreamState(id) == core.StateHalfClosedRemote {
				if err := a.c.Headers(a.now, id, response[:2], true); err != nil {
					t.Fatal(err)
				}
			}
			a.now = a.now.Add(time.Millisecond)
		}
		if a.closed != nil || a.c.Info().GoingAway {
			t.Errorf("cut: %v", a.closed)
		}
	})
	t.Run("credit for every 4 KiB", func(t *testing.T) {
		// As Go's client gives it: on the stream and on the connection, the last
		// of it when the stream has long ended.
		a := newAttacker(t, false, core.Config{})
		body := make([]byte, 60<<10)
		for range 4000 {
			a.send(a.get())
			id := a.next - 2
			if err := a.c.Headers(a.now, id, response[:2], false); err != nil {
				t.Fatal(err)
			}
			for left := body[:len(body)-1]; len(left) > 0; {
				n, err := a.c.Send(a.now, id, left, true)
				if err != nil || n == 0 {
					t.Fatal(n, err)
				}
				left = left[n:]
				a.send(nil)
			}
			var in []byte
			for range len(body) >> 12 {
				in = frame.AppendWindowUpdate(in, id, 4<<10)
				in = frame.AppendWindowUpdate(in, 0, 4<<10)
			}
			a.send(in)
		}
		if a.closed != nil || a.c.Info().GoingAway {
			t.Errorf("cut: %v", a.closed)
		}
	})
	t.Run("pings", func(t *testing.T) {
		a := newAttacker(t, false, core.Config{})
		a.send(a.post())
		for range 3 * 60 {
			a.send(frame.AppendPing(nil, false, [8]byte{7}))
			a.send(frame.AppendData(nil, 1, []byte("keep"), false, -1))
			a.now = a.now.Add(20 * time.Second)
			a.c.Advance(a.now)
			a.send(nil)
		}
		if a.closed != nil || a.c.Info().GoingAway {
			t.Errorf("cut: %v", a.closed)
		}
	})
}
