package transport_test

import (
	"context"
	"io"
	"testing"
	"time"

	"weft/transport"
)

// eagerWire takes whatever is written, and has its second input when something
// was written a few times.
type eagerWire struct {
	writes, polls int
	began, sent   bool
	shut          chan struct{}
}

func (w *eagerWire) Next() ([]byte, error) {
	if !w.began {
		w.began = true
		return []byte("go"), nil
	}
	<-w.shut
	return nil, io.EOF
}

func (w *eagerWire) TryNext() ([]byte, error) {
	w.polls++
	if w.sent || w.writes < 5 {
		return nil, nil
	}
	w.sent = true
	return []byte("stop"), nil
}

func (w *eagerWire) Release()                         {}
func (w *eagerWire) StartWrite(p []byte) (int, error) { w.writes++; return len(p), nil }
func (w *eagerWire) ContinueWrite() (int, error)      { panic("all was taken") }
func (w *eagerWire) CloseWrite() error                { close(w.shut); return nil }
func (w *eagerWire) Close() error                     { return nil }
func (w *eagerWire) Read([]byte) (int, error)         { panic("a Wire is not read so") }
func (w *eagerWire) Write([]byte) (int, error)        { panic("a Wire is not written so") }

// Somebody who always has more to say, to a peer that takes everything, hears
// what the peer says in between.
func TestInputBetweenWrites(t *testing.T) {
	w := &eagerWire{shut: make(chan struct{})}
	f := &fake{t: t}
	flows, heard := false, 0
	f.onReceive = func(_ time.Time, p []byte) {
		if flows = string(p) == "go"; flows {
			f.say(make([]byte, 1000))
		} else {
			heard = w.writes
			f.inside(func() { f.done = true })
		}
	}
	f.onAdvance = func(time.Time) {
		if flows {
			f.say(make([]byte, 1000))
		}
		if w.writes > 1000 {
			flows = false
			f.inside(func() { f.done = true })
		}
	}
	transport.Run(context.Background(), w, f, transport.Options{})
	if heard == 0 || heard > 7 || w.polls < 3 {
		t.Errorf("heard after %d writes and %d polls", heard, w.polls)
	}
}
