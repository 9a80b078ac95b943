//go:build linux

package transport_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
)

// Whatever callbacks do, some of many connections at a time: block for as long as
// others are to be answered, or end their goroutine, in a turn of input or of
// time. All the others are answered, and of those that stand still nothing is left
// once they are closed.
func TestLoopsAndSomeThatStandStill(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	goroutines := runtime.NumGoroutine() + 1 // that of the timer
	// The first socket has package net open something of its own.
	goroutines += standStill(t, rand.New(rand.NewPCG(0, 0)))
	goroutinesBecome(t, goroutines)
	files := openFiles(t)
	var seed atomic.Uint64
	within(t, time.Duration(*moreSeeds)*10*time.Second+20*time.Second, &seed)
	for i := range *moreSeeds {
		seed.Store(*firstSeed + i)
		runtime.GOMAXPROCS(1 << (seed.Load() % 3))
		goroutines += standStill(t, rand.New(rand.NewPCG(seed.Load(), 0)))
		if t.Failed() {
			t.Fatalf("seed %d", seed.Load())
		}
		goroutinesBecome(t, goroutines)
		for began := time.Now(); openFiles(t) > files; runtime.Gosched() {
			if time.Since(began) > 10*time.Second {
				t.Fatalf("%d descriptors, %d before", openFiles(t), files)
			}
		}
	}
}

// standStill returns how many goroutines stay: those that want to tell an endpoint
// of its end whose last turn has none.
func standStill(t *testing.T, r *rand.Rand) (stay int) {
	var loops transport.Loops
	goOn, ctx := make(chan bool), context.Background()
	stuck, stop := context.WithCancel(ctx)
	var still atomic.Int32
	stands := 0
	var all, blocked []*link
	var gone []*link
	for range 20 + r.IntN(250) {
		what := r.IntN(20) // 0, 3: block; 1, 2: end the goroutine, of input and of time
		a, b := socktest.Pair(t)
		k := &link{a, &restful{fake: &fake{t: t}}, make(chan error, 2)}
		k.ep.onReceive = func(_ time.Time, p []byte) {
			if string(p) == "stand" {
				still.Add(1)
				switch what {
				case 0, 3:
					<-goOn
					return
				case 1:
					runtime.Goexit()
				}
			}
			k.ep.say(p)
		}
		k.ep.onAdvance = func(time.Time) {
			if what == 2 {
				still.Add(1)
				runtime.Goexit()
			}
		}
		c := ctx
		if what == 1 || what == 2 {
			c = stuck
		}
		loops.Start(c, b, k.ep, transport.Options{}, func(err error) {
			k.ep.ended.Store(true)
			k.end <- err
		})
		switch what {
		case 0, 3:
			blocked = append(blocked, k)
		case 1, 2:
			gone = append(gone, k)
		default:
			all = append(all, k)
		}
		switch what {
		case 0, 1, 3:
			stands++
			if r.IntN(2) == 0 {
				k.exchange(t)
			}
			k.Write([]byte("stand"))
		case 2:
			stands++
			stay++
			k.ep.rest()
		}
	}
	rounds := 1 + r.IntN(5)
	var each sync.WaitGroup
	for _, k := range all {
		each.Go(func() {
			for range rounds {
				k.exchange(t)
			}
		})
	}
	each.Wait()
	for still.Load() < int32(stands) {
		runtime.Gosched()
	}
	for _, k := range all {
		k.exchange(t)
	}
	close(goOn)
	for _, k := range blocked {
		k.exchange(t)
	}
	all = append(all, blocked...)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, k := range all {
		each.Go(func() { k.ends(t) })
	}
	each.Wait()
	stop()
	for _, k := range gone {
		k.Read(make([]byte, 1)) // it is closed
		k.Close()
	}
	for began := time.Now(); ; runtime.Gosched() {
		if conns, n := loops.Waiting(); conns == 0 && n == 0 {
			return stay
		} else if time.Since(began) > 10*time.Second {
			t.Fatalf("%d connections wait, %d loops", conns, n)
		}
	}
}
