package gnet

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weft/transport"
)

// The kernel does not queue much of what it has not sent: what is said next would
// leave after it.
func TestUnsent(t *testing.T) {
	c, _ := carried(t, &taker{limit: 1 << 30})
	if n, err := unix.GetsockoptInt(int(c.fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT); n != transport.MaxUnsent || err != nil {
		t.Errorf("the socket takes %d bytes more than it has sent, want %d (%v)", n, transport.MaxUnsent, err)
	}
}

// Between two writes input is heard that came meanwhile.
func TestHear(t *testing.T) {
	ep := &lively{taker: taker{limit: 1 << 30}, done: make(chan struct{})}
	ep.conn, ep.say = carried(t, ep)
	ep.conn.loop.post(ep.conn)
	select {
	case <-ep.done:
	case <-time.After(time.Minute):
		t.Fatal("it does not go on")
	}
	if ep.got != 1 || ep.turns != 3 {
		t.Errorf("%d bytes were heard after %d turns, want 1 after 3", ep.got, ep.turns)
	}
}

// carried returns what carries ep, and a function that has the peer say a byte
// and waits until it is there.
func carried(t *testing.T, ep transport.Endpoint) (*conn, func()) {
	t.Helper()
	c, peer := carry(t, oneLoop(t), ep, func(error) {})
	return c, func() {
		peer.Write([]byte{1})
		unix.Poll([]unix.PollFd{{Fd: c.fd, Events: unix.POLLIN}}, -1)
	}
}

func oneLoop(t *testing.T) *Loops {
	t.Helper()
	loops, err := Start(Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loops.Close() })
	return loops
}

// carry has loops carry ep.
func carry(t *testing.T, loops *Loops, ep transport.Endpoint, ended func(error)) (*conn, *net.TCPConn) {
	t.Helper()
	ours, peer := tcpPair(t)
	c := newConn(ep, transport.Options{}, ended)
	loops.join(c, t.Context())
	if _, err := loops.client.EnrollContext(ours, c); err != nil {
		t.Fatal(err)
	}
	return c, peer
}

// lively is an endpoint that has something to say in each of its turns, until it
// was told something.
type lively struct {
	taker
	conn  *conn
	say   func() // has the peer say something
	turns int
	out   []byte
	done  chan struct{}
}

func (e *lively) Due() bool { return e.conn != nil && e.got == 0 }

func (e *lively) Advance(time.Time) {
	if e.out = []byte("more"); e.got > 0 {
		return
	}
	if e.turns++; e.turns == 3 {
		e.say()
	}
}

func (e *lively) Receive(now time.Time, p []byte) {
	e.taker.Receive(now, p)
	close(e.done)
}

func (e *lively) SwapOutput([]byte) []byte {
	out := e.out
	e.out = nil
	return out
}
