package transport_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"weft/transport"
	"weft/transport/mem"
)

// slowWire is a pipe whose StartWrite waits.
type slowWire struct {
	transport.Wire
	started, proceed chan struct{}
}

func (w *slowWire) StartWrite(p []byte) (int, error) {
	close(w.started)
	<-w.proceed
	return w.Wire.StartWrite(p)
}

func (w *slowWire) Read([]byte) (int, error)  { panic("a Wire is not read") }
func (w *slowWire) Write([]byte) (int, error) { panic("a Wire is not written") }

// After a long silence, an endpoint that is over while its last output is on
// its way out has not stalled: the time counts from when the output began to
// wait.
func TestLastOutputHasNotStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		w := &slowWire{ours.Wire(), make(chan struct{}), make(chan struct{})}
		f := &fake{}
		f.onReceive = func(time.Time, []byte) { f.say([]byte("goodbye")) }
		r := runOver(t, t.Context(), f, transport.Options{Stall: time.Minute}, w, peer)
		<-time.After(time.Hour)
		peer.Write([]byte("hello"))
		<-w.started
		f.tell(func() { f.done = true })
		synctest.Wait()
		close(w.proceed)
		if got, err := io.ReadAll(peer); string(got) != "goodbye" || err != nil {
			t.Errorf("the peer read %q, %v", got, err)
		}
		peer.Close()
		r.ends(transport.CloseDone, nil, time.Hour)
	})
}
