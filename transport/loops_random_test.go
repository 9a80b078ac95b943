//go:build linux

package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
)

// moody is an endpoint that gives back what it gets, at once or later, in a turn or
// from outside; it blocks, pauses and rests as it likes.
type moody struct {
	*restful
	may     atomic.Bool
	pending []byte     // guarded by fake.mu
	r       *rand.Rand // of turns
	others  *atomic.Int64
}

func (m *moody) MayBlock() bool { return m.may.Load() }

// sayPending says what waits, with fake.mu held.
func (m *moody) sayPending() { m.out, m.pending = append(m.out, m.pending...), nil }

func (m *moody) receive(_ time.Time, p []byte) {
	m.inside(func() { m.pending = append(m.pending, p...) })
	if m.r.IntN(3) == 0 {
		m.resting.Store(m.r.IntN(2) == 0)
	}
	if m.r.IntN(20) == 0 {
		m.may.Store(!m.may.Load())
	}
	if m.r.IntN(40) == 0 { // it blocks, or computes, while others go on
		began, at := time.Now(), m.others.Load()
		for time.Since(began) < 3*time.Millisecond && m.others.Load() < at+20 {
			runtime.Gosched()
		}
	}
	switch m.r.IntN(6) {
	case 0:
		m.inside(func() { m.deadline = time.Now() })
	case 1:
		go m.tell(m.sayPending)
	default:
		m.inside(m.sayPending)
	}
}

// Connections of all tempers that come, go on and end at random, in loops that
// others' turns are taken from, lose nothing, and leave nothing behind.
func TestLoopsAtRandom(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	goroutines := runtime.NumGoroutine()
	for seed := range uint64(loopSeeds) {
		var loops transport.Loops
		var steps atomic.Int64
		var workers sync.WaitGroup
		for w := range uint64(12) {
			workers.Go(func() {
				r := rand.New(rand.NewPCG(seed, w))
				for range 12 {
					if w == 0 {
						runtime.GOMAXPROCS(1 + r.IntN(3))
					}
					loopLife(t, &loops, r, &steps)
				}
			})
		}
		workers.Wait()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if conns, n := loops.Waiting(); n != 0 {
			t.Fatalf("seed %d: %d connections and %d loops are left", seed, conns, n)
		}
		goroutinesBecome(t, goroutines)
	}
}

const loopSeeds = 1

// loopLife is the life of one connection.
func loopLife(t *testing.T, loops *transport.Loops, r *rand.Rand, steps *atomic.Int64) {
	a, b := socktest.Pair(t)
	defer a.Close()
	a.SetDeadline(time.Now().Add(20 * time.Second))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ep := &moody{
		restful: &restful{fake: &fake{t: t}},
		r:       rand.New(rand.NewPCG(r.Uint64(), r.Uint64())),
		others:  steps,
	}
	ep.onReceive = ep.receive
	ep.onAdvance = func(time.Time) { ep.inside(ep.sayPending) }
	ep.onEOF = func(error) { ep.inside(ep.sayPending) }
	opts := transport.Options{HoldFirstWrite: time.Duration(r.IntN(2)) * time.Second}
	if r.IntN(4) == 0 {
		opts.Linger = -1
	}
	end := make(chan error, 2)
	loops.Start(ctx, b, ep, opts, func(err error) {
		ep.ended.Store(true)
		end <- err
	})
	sample := sampleAt(r.IntN(1<<19), 1<<18)
	size := func() int { return 1 + r.IntN(1<<(1+r.IntN(17))) }
	hears := func(p []byte) {
		got := make([]byte, len(p))
		if n, err := io.ReadFull(a, got); err != nil || !bytes.Equal(p, got) {
			t.Errorf("%d bytes of %d came back, %v", n, len(p), err)
		}
	}
	exchange := func() {
		p := sample[:size()]
		var both sync.WaitGroup
		both.Go(func() { a.Write(p) })
		hears(p)
		both.Wait()
	}
	for range r.IntN(30) {
		steps.Add(1)
		switch r.IntN(8) {
		case 0:
			ep.rest()
		case 1:
			ep.tell(func() { ep.paused = true })
			go ep.tell(func() { ep.paused = false })
		case 2:
			ep.may.Store(r.IntN(2) == 0)
		case 3: // in quick succession
			for range r.IntN(50) {
				a.Write(sample[:1])
				hears(sample[:1])
			}
		default:
			exchange()
		}
	}
	want := transport.CloseEOF
	switch r.IntN(7) {
	case 0:
		a.Close()
	case 1: // the end comes with the last bytes, or behind them
		p := sample[:size()]
		var both sync.WaitGroup
		both.Go(func() { a.Write(p); a.(*net.TCPConn).CloseWrite() })
		hears(p)
		if n, err := a.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes and %v at the end", n, err)
		}
		both.Wait()
	case 2: // a reset
		a.Write(sample[:size()])
		a.(*net.TCPConn).SetLinger(0)
		a.Close()
		want = 0
	case 3:
		if r.IntN(2) == 0 {
			a.Write(sample[:1])
		}
		cancel()
		want = transport.CloseCanceled
	case 4: // the endpoint is over
		ep.tell(func() { ep.done = true })
		io.Copy(io.Discard, a)
		a.Close()
		want = transport.CloseDone
	case 5: // nobody takes the answer
		a.Write(sample)
		a.Close()
		want = 0
	case 6: // everything at once
		go cancel()
		go ep.tell(func() { ep.done = true })
		a.Write(sample[:size()])
		a.Close()
		want = 0
	}
	var why *transport.CloseError
	err := <-end
	switch {
	case !errors.As(err, &why):
		t.Errorf("ended with %v", err)
	case want != 0 && why.Kind != want:
		t.Errorf("ended with %v, want %v", err, want)
	}
	if ep.eofs.Load() != 1 {
		t.Error("the endpoint was not told of the end once")
	}
}
