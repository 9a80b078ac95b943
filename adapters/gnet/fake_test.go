//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"sync"
	"time"
)

// fake is an endpoint that does as it is told. It notes what it was given.
type fake struct {
	mu       sync.Mutex
	changed  *sync.Cond
	out      []byte
	deadline time.Time
	paused   bool
	done     bool
	echo     bool // what comes in goes out
	pieces   int  // that Advance has to say yet, one each time
	wake     func()

	turns    int // under way: never more than one
	got      []byte
	wrote    int
	advanced int
	ends     []error
}

func newFake() *fake {
	f := &fake{}
	f.changed = sync.NewCond(&f.mu)
	return f
}

// tell changes something from outside.
func (f *fake) tell(change func()) {
	f.mu.Lock()
	change()
	wake := f.wake
	f.mu.Unlock()
	f.changed.Broadcast()
	if wake != nil {
		wake()
	}
}

// until waits until cond is true of f.
func (f *fake) until(cond func() bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !cond() {
		f.changed.Wait()
	}
}

func (f *fake) written() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrote
}

func (f *fake) turn(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turns++; f.turns > 1 {
		panic("two turns at the same time")
	}
	if len(f.ends) > 0 {
		panic("a turn after the last one")
	}
	do()
	f.turns--
	f.changed.Broadcast()
}

func (f *fake) Receive(_ time.Time, p []byte) {
	f.turn(func() {
		f.got = append(f.got, p...)
		if f.echo {
			f.out = append(f.out, p...)
		}
	})
}

func (f *fake) ReceiveEOF(_ time.Time, cause error) {
	f.turn(func() { f.ends = append(f.ends, cause) })
}

func (f *fake) Advance(now time.Time) {
	f.turn(func() {
		f.advanced++
		if f.pieces > 0 {
			f.pieces--
			f.out = append(f.out, "piece"...)
		}
		if !f.deadline.After(now) {
			f.deadline = time.Time{}
		}
	})
}

func (f *fake) SwapOutput(spare []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.out
	f.out = spare[:0]
	return out
}

func (f *fake) Wrote(_ time.Time, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrote += n
	f.changed.Broadcast()
}

func (f *fake) NextDeadline() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deadline
}

func (f *fake) ReadPaused() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.paused
}

func (f *fake) Done() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

func (f *fake) OnWake(wake func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake = wake
}
