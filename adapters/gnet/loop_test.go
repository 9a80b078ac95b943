//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	engine "github.com/panjf2000/gnet/v2"

	"weft/transport"
)

// What an idle connection costs is what this package is for.
func TestRecordSize(t *testing.T) {
	if n := unsafe.Sizeof(conn{}); n > 176 {
		t.Errorf("the record of a connection has %d bytes, which the allocator makes more than 176 of", n)
	}
}

// Deadlines that are close together do not have a call of the loop each, and
// none is looked at before its time.
func TestCloseDeadlines(t *testing.T) {
	const n, apart = 1000, 10 * time.Microsecond
	el := &eventLoop{calls: make(chan engine.Runnable, n)}
	loops := &Loops{}
	l := &loop{loops: loops, el: el, armed: never}
	start := time.Now()
	left := n
	for i := range n {
		at := start.Add(time.Duration(i) * apart)
		ep := &expirer{at: at}
		ep.expired = func(now time.Time) {
			if left--; now.Before(at) {
				t.Errorf("deadline %d came %v too early", i, at.Sub(now))
			}
		}
		c := newConn(ep, transport.Options{}, nil)
		c.loop, c.sock = l, &socket{}
		l.arm(c, momentOf(start), momentOf(at))
	}
	calls := 0
	for ; left > 0; calls++ {
		select {
		case r := <-el.calls:
			r.Run(context.Background())
		case <-time.After(time.Minute):
			t.Fatalf("%d deadlines of %d were forgotten", left, n)
		}
	}
	// A wait of minWait or more goes before each.
	if most := int(n*apart/minWait) + 2; calls > most {
		t.Errorf("%d deadlines took %d calls, at most %d were expected", n, calls, most)
	}
}

// A connection that gnet does not take back is closed, by its loop.
func TestNotTakenBack(t *testing.T) {
	loops, err := Start(Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer loops.Close()
	ours, _ := tcpPair(t)
	ended := make(chan error, 1)
	c := newConn(&taker{limit: 1}, transport.Options{}, func(err error) { ended <- err })
	loops.join(c, t.Context())
	if _, err := loops.client.EnrollContext(ours, c); err != nil {
		t.Fatal(err)
	}
	why := &transport.CloseError{Kind: transport.CloseRead, Err: errors.New("the test says so")}
	c.loop.fail(c, why)
	if err := <-ended; err != why {
		t.Errorf("ended with %v", err)
	}
}

// expirer is an endpoint with one deadline.
type expirer struct {
	taker
	at      time.Time
	expired func(now time.Time)
}

func (e *expirer) NextDeadline() time.Time { return e.at }
func (e *expirer) ReadPaused() bool        { return false }
func (e *expirer) Advance(now time.Time) {
	e.at = time.Time{}
	e.expired(now)
}

// eventLoop is gnet's, as far as it is told to call.
type eventLoop struct {
	engine.EventLoop
	calls chan engine.Runnable
}

func (l *eventLoop) Execute(_ context.Context, r engine.Runnable) error {
	l.calls <- r
	return nil
}
