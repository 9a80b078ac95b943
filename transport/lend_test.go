package transport_test

import (
	"context"
	"testing"
	"time"

	"weft/transport"
)

// toldWire is an eagerWire that notes what is written, and on which the endpoint
// is told something just before the second input comes.
type toldWire struct {
	eagerWire
	tell    func()
	written string
}

func (w *toldWire) TryNext() ([]byte, error) {
	in, err := w.eagerWire.TryNext()
	if in != nil {
		w.tell()
	}
	return in, err
}

func (w *toldWire) StartWrite(p []byte) (int, error) {
	w.written += string(p)
	return w.eagerWire.StartWrite(p)
}

// A turn is lent a buffer for its output, one between two writes as well, and
// all that was said leaves in its order.
func TestTurnsAreLentBuffers(t *testing.T) {
	w := &toldWire{eagerWire: eagerWire{shut: make(chan struct{})}}
	f := &fake{t: t}
	w.tell = func() { f.tell(func() { f.out = append(f.out, "told "...) }) }
	lent := func(turn string) {
		f.inside(func() {
			if cap(f.out) < 1<<10 {
				t.Errorf("%s has room for %d bytes", turn, cap(f.out))
			}
		})
	}
	stopped := false
	f.onReceive = func(_ time.Time, p []byte) {
		lent("Receive of " + string(p))
		f.say([]byte("received "))
		stopped = string(p) == "stop"
	}
	f.onAdvance = func(time.Time) {
		if lent("Advance"); stopped {
			f.say([]byte("end"))
			f.inside(func() { f.done = true })
		} else {
			f.say([]byte("more "))
		}
	}
	transport.Run(context.Background(), w, f, transport.Options{})
	if want := "received more more more more told received end"; w.written != want {
		t.Errorf("written: %q, want %q", w.written, want)
	}
}
