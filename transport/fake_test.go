package transport_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
)

// fake is an endpoint whose reactions a test writes itself. It holds its
// caller to the contract of Endpoint.
type fake struct {
	t         testing.TB
	onReceive func(now time.Time, p []byte)
	onAdvance func(now time.Time)
	onEOF     func(cause error)
	onWrote   func(n int)

	turns atomic.Int32
	eofs  atomic.Int32
	ended atomic.Bool // Run returned

	mu       sync.Mutex
	out      []byte
	deadline time.Time
	paused   bool
	done     bool
	wakeFn   func()
	written  int
	swapped  int
}

func (f *fake) enter() {
	if f.turns.Add(1) != 1 {
		f.t.Error("two turns at once")
	}
	if f.eofs.Load() > 0 {
		f.t.Error("a turn after ReceiveEOF")
	}
	f.called()
}

func (f *fake) leave() { f.turns.Add(-1) }

func (f *fake) called() {
	if f.ended.Load() {
		f.t.Error("called after Run returned")
	}
}

func (f *fake) Receive(now time.Time, p []byte) {
	f.enter()
	defer f.leave()
	if len(p) == 0 {
		f.t.Error("Receive of nothing")
	}
	if f.onReceive != nil {
		f.onReceive(now, p)
	}
}

func (f *fake) ReceiveEOF(now time.Time, cause error) {
	f.enter()
	defer f.leave()
	defer f.eofs.Add(1)
	if f.onEOF != nil {
		f.onEOF(cause)
	}
}

func (f *fake) Advance(now time.Time) {
	f.enter()
	defer f.leave()
	f.mu.Lock()
	if !f.deadline.IsZero() && !f.deadline.After(now) {
		f.deadline = time.Time{}
	}
	f.mu.Unlock()
	if f.onAdvance != nil {
		f.onAdvance(now)
	}
}

func (f *fake) SwapOutput(spare []byte) []byte {
	f.called()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.swapped != f.written && len(f.out) > 0 {
		f.t.Errorf("output taken while %d bytes are unwritten", f.swapped-f.written)
	}
	out := f.out
	f.out = spare[:0]
	f.swapped += len(out)
	return out
}

func (f *fake) Wrote(now time.Time, n int) {
	f.called()
	f.mu.Lock()
	f.written += n
	if f.written > f.swapped || n <= 0 {
		f.t.Errorf("Wrote(%d): %d in all of %d taken", n, f.written, f.swapped)
	}
	f.mu.Unlock()
	if f.onWrote != nil {
		f.onWrote(n)
	}
}

func (f *fake) NextDeadline() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.deadline }
func (f *fake) ReadPaused() bool        { f.mu.Lock(); defer f.mu.Unlock(); return f.paused }
func (f *fake) Done() bool              { f.mu.Lock(); defer f.mu.Unlock(); return f.done }
func (f *fake) OnWake(w func())         { f.mu.Lock(); defer f.mu.Unlock(); f.wakeFn = w }

// tell changes the endpoint from outside a turn; say and the like are for
// inside.
func (f *fake) tell(change func()) {
	f.inside(change)
	f.mu.Lock()
	wake := f.wakeFn
	f.mu.Unlock()
	if wake != nil {
		wake()
	}
}

func (f *fake) inside(change func()) { f.mu.Lock(); defer f.mu.Unlock(); change() }

func (f *fake) say(p []byte) { f.inside(func() { f.out = append(f.out, p...) }) }

// quickFake is a fake that knows whether an Advance is worth its while.
type quickFake struct{ *fake }

func (quickFake) Due() bool { return false }

var (
	_ transport.Endpoint = (*fake)(nil)
	_ transport.Waiter   = quickFake{}
	_ transport.Waiter   = (*transport.Driver)(nil)
)
