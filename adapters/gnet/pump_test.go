//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"weft/transport"
)

func read(t testing.TB, c net.Conn, n int) string {
	t.Helper()
	p := make([]byte, n)
	if _, err := io.ReadFull(c, p); err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// An endpoint that always has more to say is asked for it until it has not, though
// not in one go.
func TestMoreToSay(t *testing.T) {
	const n = 100
	ep := newFake()
	ours, peer := socketPair(t)
	pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{})
	ep.tell(func() { ep.out, ep.pieces = []byte("piece"), n-1 })
	if got, want := read(t, peer, 5*n), strings.Repeat("piece", n); got != want {
		t.Errorf("%q", got)
	}
}

// What the peer ends is ended here, after all output was written.
func TestPeersEnd(t *testing.T) {
	ep := newFake()
	ep.echo = true
	ours, peer := socketPair(t)
	ended := pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{})
	io.WriteString(peer, "hello")
	if got := read(t, peer, 5); got != "hello" {
		t.Error(got)
	}
	peer.CloseWrite()
	expect(t, ended, transport.CloseEOF)
	if len(ep.ends) != 1 || ep.ends[0] != nil {
		t.Errorf("the endpoint was told %v", ep.ends)
	}
	if n, err := peer.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// hasty is an endpoint that is over, with a last word, just after it was found to
// have nothing to say.
type hasty struct {
	*fake
	armed bool
}

func (h *hasty) SwapOutput(spare []byte) []byte {
	out := h.fake.SwapOutput(spare)
	if len(out) == 0 && h.armed {
		h.armed = false
		h.mu.Lock()
		h.out, h.done = []byte("bye"), true
		h.mu.Unlock()
		go h.tell(func() {})
	}
	return out
}

func TestLastWord(t *testing.T) {
	ours, peer := socketPair(t)
	ended := pump(t, t.Context(), start(t, 1), ours, &hasty{newFake(), true}, transport.Options{})
	if got, err := io.ReadAll(peer); string(got) != "bye" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	peer.Close()
	expect(t, ended, transport.CloseDone)
}

// A peer that has said all still gets all, however long it takes to read it.
func TestOutputAfterInput(t *testing.T) {
	ep := newFake()
	ours, peer := socketPair(t)
	ended := pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{})
	ep.tell(func() { ep.out = []byte(large) })
	ep.until(func() bool { return ep.wrote > 0 })
	peer.CloseWrite()
	ep.until(func() bool { return len(ep.ends) > 0 })
	got, err := io.ReadAll(peer)
	if string(got) != large || err != nil {
		t.Errorf("%d bytes of %d, %v", len(got), len(large), err)
	}
	expect(t, ended, transport.CloseEOF)
	if n := ep.written(); n != len(large) {
		t.Errorf("Wrote tells of %d bytes, want %d", n, len(large))
	}
}

// An endpoint that is done has its output written and its peer read it, and
// only then is the connection closed.
func TestDone(t *testing.T) {
	ep := newFake()
	ours, peer := socketPair(t)
	ended := pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{Linger: time.Hour})
	ep.tell(func() { ep.out, ep.done = []byte("bye"), true })
	if got, err := io.ReadAll(peer); string(got) != "bye" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	io.WriteString(peer, "nobody looks at this")
	select {
	case <-ended:
		t.Error("closed while the peer had not said its end")
	default:
	}
	peer.Close()
	expect(t, ended, transport.CloseDone)
	if len(ep.got) > 0 || len(ep.ends) != 1 || ep.ends[0] != nil {
		t.Errorf("it received %q and was told %v", ep.got, ep.ends)
	}
}

// Lingering ends, be the peer ever so silent.
func TestLinger(t *testing.T) {
	for _, linger := range []time.Duration{-1, time.Millisecond} {
		ep := newFake()
		ours, _ := socketPair(t)
		ended := pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{Linger: linger})
		ep.tell(func() { ep.done = true })
		expect(t, ended, transport.CloseDone)
	}
}

// A peer that takes nothing of the last output is given up.
func TestStalled(t *testing.T) {
	ep := newFake()
	ours, _ := socketPair(t)
	ended := pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{Stall: 10 * time.Millisecond})
	ep.tell(func() { ep.out, ep.done = []byte(large), true })
	expect(t, ended, transport.CloseStalled)
}

// A reader that is slow gets everything, in order, and nobody waits for it.
func TestSlowReader(t *testing.T) {
	loops := start(t, 1)
	slow, quick := newFake(), newFake()
	quick.echo = true
	ours, peer := socketPair(t)
	pump(t, t.Context(), loops, ours, slow, transport.Options{})
	slow.tell(func() { slow.out = []byte(large) })
	slow.until(func() bool { return slow.wrote > 0 })

	others, other := socketPair(t)
	pump(t, t.Context(), loops, others, quick, transport.Options{})
	io.WriteString(other, "quick")
	if got := read(t, other, 5); got != "quick" {
		t.Error(got)
	}
	if slow.written() >= len(large) {
		t.Fatal("the socket takes everything: it is no test")
	}
	if got := read(t, peer, len(large)); got != large {
		t.Error("what the slow reader got is something else")
	}
	slow.until(func() bool { return slow.wrote == len(large) })
}

// An endpoint that pauses is not read for, and reading goes on where it stopped.
func TestPause(t *testing.T) {
	ep := newFake()
	ours, peer := socketPair(t)
	ended := pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{})
	for range 3 {
		ep.tell(func() { ep.paused, ep.got = true, nil })
		// What the socket holds is bounded, and what the endpoint got as well.
		peer.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		n, err := peer.Write([]byte(large))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatalf("%d bytes were taken, %v", n, err)
		}
		// While it pauses, output goes out, and some of it has to wait.
		ep.tell(func() { ep.out = []byte(large) })
		if got := read(t, peer, len(large)); got != large {
			t.Error("what came while it paused is something else")
		}
		ep.tell(func() { ep.paused = false })
		ep.until(func() bool { return len(ep.got) >= n })
		if !bytes.Equal(ep.got, []byte(large)[:n]) {
			t.Error("what it received is something else")
		}
	}
	ep.tell(func() { ep.paused = true })
	peer.Close()
	ep.tell(func() { ep.paused = false })
	expect(t, ended, transport.CloseEOF)
}

// A context ends the connection at once, whatever it is doing.
func TestCancel(t *testing.T) {
	why := errors.New("enough")
	for name, prepare := range map[string]func(*fake){
		"idle":    func(*fake) {},
		"paused":  func(ep *fake) { ep.paused = true },
		"writing": func(ep *fake) { ep.out = []byte(large) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			ep := newFake()
			ours, peer := socketPair(t)
			ended := pump(t, ctx, start(t, 1), ours, ep, transport.Options{})
			ep.tell(func() { prepare(ep) })
			cancel(why)
			expect(t, ended, transport.CloseCanceled)
			if len(ep.ends) != 1 || !errors.Is(ep.ends[0], why) {
				t.Errorf("the endpoint was told %v", ep.ends)
			}
			io.Copy(io.Discard, peer) // ends, for the socket is closed
		})
	}
}

// uncomparable is a context that can't be a key.
type uncomparable struct {
	context.Context
	_ []int
}

// A context is that of many connections, of which some have ended when it is
// done, and others come later.
func TestCancelMany(t *testing.T) {
	loops := start(t, 2)
	for _, wrap := range []func(context.Context) context.Context{
		func(ctx context.Context) context.Context { return ctx },
		func(ctx context.Context) context.Context { return uncomparable{Context: ctx} },
	} {
		parent, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx := wrap(parent)
		var ended []chan *transport.CloseError
		for i := range 6 {
			ours, peer := socketPair(t)
			end := pump(t, ctx, loops, ours, newFake(), transport.Options{})
			if i%2 == 0 {
				peer.Close()
				expect(t, end, transport.CloseEOF)
				continue
			}
			ended = append(ended, end)
		}
		cancel()
		for _, end := range ended {
			expect(t, end, transport.CloseCanceled)
		}
		ours, _ := socketPair(t)
		expect(t, pump(t, ctx, loops, ours, newFake(), transport.Options{}), transport.CloseCanceled)
	}
}

// Deadlines are kept, the earlier ones first.
func TestDeadlines(t *testing.T) {
	loops := start(t, 1)
	var eps []*fake
	now := time.Now()
	for i := range 20 {
		ep := newFake()
		ours, _ := socketPair(t)
		pump(t, t.Context(), loops, ours, ep, transport.Options{})
		ep.tell(func() { ep.deadline = now.Add(time.Hour) }) // and then earlier
		ep.tell(func() { ep.deadline = now.Add(time.Duration(i*7%20) * time.Millisecond) })
		eps = append(eps, ep)
	}
	for _, ep := range eps {
		ep.until(func() bool { return ep.advanced > 0 && ep.deadline.IsZero() })
	}
}

// Closing the loops closes every connection, and takes no others.
func TestClose(t *testing.T) {
	loops := start(t, 2)
	var ended []chan *transport.CloseError
	for i := range 9 {
		ep := newFake()
		ours, _ := socketPair(t)
		ended = append(ended, pump(t, t.Context(), loops, ours, ep, transport.Options{}))
		switch i % 3 {
		case 1:
			ep.tell(func() { ep.paused = true })
		case 2:
			ep.tell(func() { ep.out = []byte(large) })
			ep.until(func() bool { return ep.wrote > 0 })
		}
	}
	if err := loops.Close(); err != nil {
		t.Error(err)
	}
	for _, ended := range ended {
		expect(t, ended, transport.CloseLocal)
	}
	if err := loops.Close(); err != nil {
		t.Error(err)
	}
	ours, _ := socketPair(t)
	if err := loops.Pump(t.Context(), ours, newFake(), transport.Options{}, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a connection that comes later is met with %v", err)
	}
}

// Output that is held back goes with what the first input makes.
func TestHoldFirstWrite(t *testing.T) {
	ep := newFake()
	ep.out, ep.echo = []byte("greeting "), true
	ours, peer := socketPair(t)
	pump(t, t.Context(), start(t, 1), ours, ep, transport.Options{HoldFirstWrite: time.Hour})
	io.WriteString(peer, "hello")
	p := make([]byte, 100)
	n, err := peer.Read(p)
	if got := string(p[:n]); !strings.HasPrefix("greeting hello", got) || len(got) < 14 {
		t.Errorf("%q, %v: not in one piece", got, err)
	}
}
