package transport_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
)

// gathering is an endpoint whose output has pieces, and which comes to rest now
// and then.
type gathering struct {
	*fake
	resting atomic.Bool
	pieces  []core.Piece
	said    int // bytes, pieces included
	due     atomic.Bool
}

func (g *gathering) Gather() bool  { return true }
func (g *gathering) Resting() bool { return g.resting.Load() }
func (g *gathering) Due() bool     { return g.due.Load() }

func (g *gathering) SwapPieces(spare []byte) ([]byte, []core.Piece) {
	g.called()
	g.mu.Lock()
	defer g.mu.Unlock()
	size := len(g.out)
	for _, p := range g.pieces {
		size += len(p.Data)
	}
	if g.swapped != g.written && size > 0 {
		g.t.Errorf("output taken while %d bytes are unwritten", g.swapped-g.written)
	}
	out, pieces := g.out, g.pieces
	g.out, g.pieces = spare[:0], nil
	g.swapped += size
	return out, pieces
}

// sample is what one side says all along.
var sample = func() []byte {
	b := make([]byte, 1<<20)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

// sampleAt returns up to n bytes of a sample without end.
func sampleAt(at, n int) []byte {
	at %= len(sample)
	return sample[at:min(at+n, len(sample))]
}

// add says n more bytes, some of them as pieces. The endpoint is locked.
func (g *gathering) add(r *rand.Rand, n int) {
	for end := g.said + n; g.said < end; {
		p := sampleAt(g.said, min(end-g.said, 1+r.IntN(n)))
		if len(p) > 1 && r.IntN(2) == 0 { // behind a byte, as data are behind a frame's header
			g.out = append(g.out, p[0])
			g.pieces = append(g.pieces, core.Piece{At: len(g.out), Data: string(p[1:])})
		} else {
			g.out = append(g.out, p...)
		}
		g.said += len(p)
	}
}

// Whatever is said, in turns and outside, whoever writes it, however much a
// socket takes and however often the connection comes to rest: all of it
// arrives, in order, both ways.
func TestSocketsAtRandom(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			for seed := range uint64(6) {
				socketAtRandom(t, network, seed)
			}
		})
	}
}

func socketAtRandom(t *testing.T, network string, seed uint64) {
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	a, b := dialed(t, network, addr)
	defer a.Close()
	r := rand.New(rand.NewPCG(seed, 1))
	if seed%2 == 0 {
		b.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(4 << 10)
	}
	size := func(r *rand.Rand) int { return 1 + r.IntN(1<<r.IntN(19)) }

	ep := &gathering{fake: &fake{t: t}}
	heard := 0
	inTurn := rand.New(rand.NewPCG(seed, 2)) // of turns
	ep.onReceive = func(_ time.Time, p []byte) {
		ep.resting.Store(false)
		for len(p) > 0 {
			want := sampleAt(heard, len(p))
			if string(want) != string(p[:len(want)]) {
				t.Errorf("seed %d: something else came at %d", seed, heard)
				return
			}
			heard += len(want)
			p = p[len(want):]
		}
		if inTurn.IntN(3) == 0 {
			ep.inside(func() { ep.add(inTurn, size(inTurn)) })
		}
		ep.due.Store(inTurn.IntN(3) == 0)
	}
	ep.onAdvance = func(time.Time) {
		ep.due.Store(false)
		if inTurn.IntN(4) == 0 {
			ep.inside(func() { ep.add(inTurn, size(inTurn)) })
		}
	}
	end := make(chan error, 1)
	var err error
	switch seed % 3 {
	case 0:
		go func() { end <- transport.Run(t.Context(), b, ep, transport.Options{}) }()
	case 1:
		transport.Start(context.Background(), b, ep, transport.Options{}, func(err error) { end <- err })
	default:
		new(transport.Loops).Start(context.Background(), b, ep, transport.Options{}, func(err error) { end <- err })
	}

	var peer sync.WaitGroup
	said := 0
	peer.Go(func() {
		r := rand.New(rand.NewPCG(seed, 5))
		for range 150 {
			p := sampleAt(said, size(r))
			if _, err := a.Write(p); err != nil {
				t.Error(err)
				return
			}
			said += len(p)
		}
	})
	got := make(chan int, 1)
	go func() {
		n, buf := 0, make([]byte, 64<<10)
		r := rand.New(rand.NewPCG(seed, 6))
		for {
			m, err := a.Read(buf[:size(r)%len(buf)+1])
			for p := buf[:m]; len(p) > 0; {
				want := sampleAt(n, len(p))
				if string(want) != string(p[:len(want)]) {
					t.Errorf("seed %d: something else was written at %d", seed, n)
				}
				n += len(want)
				p = p[len(want):]
			}
			if err != nil {
				if err != io.EOF {
					t.Errorf("seed %d: %v", seed, err)
				}
				got <- n
				return
			}
		}
	}()
	for range 300 {
		switch r.IntN(5) {
		case 0, 1:
			ep.tell(func() { ep.add(r, size(r)) })
		case 2:
			ep.resting.Store(true)
			ep.tell(func() { ep.deadline = time.Now() })
		case 3:
			ep.tell(func() { ep.paused = true })
			ep.tell(func() { ep.paused = false })
		default:
			ep.due.Store(true)
			ep.tell(func() {})
		}
	}
	peer.Wait()
	a.(interface{ CloseWrite() error }).CloseWrite()
	n := <-got
	var why *transport.CloseError
	if err = <-end; !errors.As(err, &why) || why.Kind != transport.CloseEOF {
		t.Errorf("seed %d: ended with %v", seed, err)
	}
	ep.ended.Store(true)
	if heard != said || n != ep.said {
		t.Errorf("seed %d: %d bytes of %d came, %d of %d were written", seed, heard, said, n, ep.said)
	}
}
