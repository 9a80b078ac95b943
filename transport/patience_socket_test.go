package transport

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport/internal/socktest"
)

// swallower takes input, of which it always expects more.
type swallower struct {
	got  atomic.Int64
	want atomic.Int64
	all  chan struct{} // want has come
}

func (e *swallower) Receive(_ time.Time, p []byte) {
	if n := e.got.Add(int64(len(p))); n == e.want.Load() {
		e.all <- struct{}{}
	}
}
func (e *swallower) InputAhead() int             { return 1 << 30 }
func (e *swallower) ReceiveEOF(time.Time, error) {}
func (e *swallower) Advance(time.Time)           {}
func (e *swallower) SwapOutput([]byte) []byte    { return nil }
func (e *swallower) Wrote(time.Time, int)        {}
func (e *swallower) NextDeadline() time.Time     { return time.Time{} }
func (e *swallower) ReadPaused() bool            { return false }
func (e *swallower) Done() bool                  { return false }
func (e *swallower) OnWake(func())               {}

// patientSpy is a socket's wire that tells when reads are patient.
type patientSpy struct {
	rawWire
	was atomic.Bool
}

func (w *patientSpy) AtLeast(n int) bool {
	ok := w.rawWire.AtLeast(n)
	if n > 1 {
		w.was.Store(true)
	}
	return ok
}

// A sender that stops in the middle of what was expected is not waited for, however
// the connection is pumped: all it sent is delivered. Nor is one that goes on in small
// pieces, or ends.
func TestPatienceWithASocket(t *testing.T) {
	for name, start := range map[string]func(p *pump){
		"Run":   func(p *pump) { p.begin(); go func() { p.readAll(); p.ended(p.end()) }() },
		"Start": func(p *pump) { p.start(context.Background()) },
		"Loops": func(p *pump) {
			if l := new(Loops).pick(); l != nil {
				p.seat = l.seat(p, p.wire.(loopWire))
			}
			p.start(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			peer, conn := socktest.Pair(t)
			defer peer.Close()
			w := new(patientSpy)
			if !w.Init(conn) || !w.rawWire.AtLeast(1) {
				t.Skip("sockets cannot wait for more than a byte here")
			}
			ep := &swallower{all: make(chan struct{}, 1)}
			p := newPump(w, ep, Options{}.withDefaults())
			ended := make(chan error, 1)
			p.ended = func(err error) { ended <- err }
			start(p)

			send := func(n int) {
				if _, err := peer.Write(make([]byte, n)); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				w.was.Store(false)
				sent := ep.got.Load()
				ep.want.Store(-1)
				for began := time.Now(); !w.was.Load(); {
					if time.Since(began) > 20*time.Second {
						t.Fatal("reads of much have not become patient")
					}
					send(1 << 20)
					sent += 1 << 20
				}
				for _, last := range []int{100, 1, 3000} {
					ep.want.Store(sent + int64(last))
					send(last)
					sent += int64(last)
					<-ep.all
				}
			}
			peer.Close()
			<-ended
		})
	}
}
