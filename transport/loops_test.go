//go:build linux

package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
)

// waitingBecome waits until the loops wait for n connections.
func waitingBecome(t *testing.T, ls *transport.Loops, n int) {
	t.Helper()
	for began := time.Now(); ; runtime.Gosched() {
		waiting, _ := ls.Waiting()
		if waiting == n {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("loops wait for %d connections, want %d", waiting, n)
		}
	}
}

// allComeBack waits until the loops wait for all of the links, which come to rest: if
// the machine was busy, a turn took long, and some of them are alone.
func allComeBack(t *testing.T, ls *transport.Loops, links ...*link) {
	t.Helper()
	for began := time.Now(); ; runtime.Gosched() {
		n, _ := ls.Waiting()
		if n == len(links) {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("loops wait for %d connections, want %d", n, len(links))
		}
		for _, k := range links {
			k.ep.rest()
		}
	}
}

// A connection in a loop has no goroutine, however many there are.
func TestLoopsHaveNoGoroutineEach(t *testing.T) {
	var loops transport.Loops
	before := runtime.NumGoroutine()
	links := make([]*link, 200)
	for i := range links {
		links[i] = startLink(t, loops.Start)
	}
	for range 3 {
		for _, k := range links {
			k.exchange(t)
		}
	}
	allComeBack(t, &loops, links...)
	if _, n := loops.Waiting(); n > runtime.GOMAXPROCS(0) {
		t.Errorf("%d loops", n)
	}
	goroutinesBecome(t, before+runtime.GOMAXPROCS(0)+1) // and one of a clock
	for _, k := range links {
		k.ends(t)
	}
	if _, n := loops.Waiting(); n != 0 {
		t.Errorf("%d loops without connections", n)
	}
	goroutinesBecome(t, before)
}

// A callback that blocks holds up its own connection, not those of the same loop;
// and so while all of them block.
func TestLoopsAndCallbacksThatBlock(t *testing.T) {
	var loops transport.Loops
	const n = 20
	links := make([]*link, n)
	goOn := make(chan bool)
	var blocked atomic.Int32
	for i := range links {
		links[i] = startLinkWith(t, loops.Start, func(k *link, p []byte) {
			if string(p) == "block" {
				p = []byte("hello")
				blocked.Add(1)
				<-goOn
			}
			k.ep.say(p)
		})
	}
	for _, k := range links[1:] {
		k.Write([]byte("block"))
	}
	for blocked.Load() < n-1 {
		runtime.Gosched()
	}
	links[0].exchange(t)
	close(goOn)
	for i, k := range links {
		if i > 0 {
			p := make([]byte, 5)
			if _, err := io.ReadFull(k, p); err != nil {
				t.Fatal(err)
			}
		}
		k.exchange(t)
	}
	allComeBack(t, &loops, links...) // nobody has lost its place
	for _, k := range links {
		k.ends(t)
	}
}

// A callback that ends its goroutine takes nobody along.
func TestLoopsAndGoexit(t *testing.T) {
	var loops transport.Loops
	exits := make(chan bool)
	one := startLinkWith(t, loops.Start, func(*link, []byte) {
		close(exits)
		runtime.Goexit()
	})
	other := startLink(t, loops.Start)
	one.Write([]byte("x"))
	<-exits
	for range 10 {
		other.exchange(t)
	}
	one.Close()
	other.ends(t)
}

// What says much at a time, writes in bulk or asks to pause has a goroutine
// meanwhile, and comes back.
func TestLoopsLeaveBulkToGoroutines(t *testing.T) {
	var loops transport.Loops
	k := startLink(t, loops.Start)
	k.exchange(t)
	allComeBack(t, &loops, k)
	for range 3 {
		sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
		got := make([]byte, len(sent))
		var both sync.WaitGroup
		both.Go(func() { k.Write(sent) })
		both.Go(func() { io.ReadFull(k, got) })
		both.Wait()
		if !bytes.Equal(sent, got) {
			t.Fatal("something else came back")
		}
		k.exchange(t)
		allComeBack(t, &loops, k)
	}
	k.ep.tell(func() { k.ep.paused = true })
	k.Write([]byte("hello"))
	waitingBecome(t, &loops, 0)
	k.ep.tell(func() { k.ep.paused = false })
	if _, err := io.ReadFull(k, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	k.ends(t)
}

// blocker is an endpoint that says so before it may block.
type blocker struct {
	*restful
	may atomic.Bool
}

func (b *blocker) MayBlock() bool { return b.may.Load() }

func TestLoopsAndABlocker(t *testing.T) {
	var loops transport.Loops
	a, b := socktest.Pair(t)
	k := &link{a, &restful{fake: &fake{t: t}}, make(chan error, 2)}
	ep := &blocker{restful: k.ep}
	k.ep.onReceive = func(_ time.Time, p []byte) {
		ep.may.Store(true)
		k.ep.say(p)
	}
	loops.Start(context.Background(), b, ep, transport.Options{}, func(err error) { k.end <- err })
	waitingBecome(t, &loops, 1)
	k.exchange(t)
	k.exchange(t)
	for range 3 {
		k.ep.rest()
		k.exchange(t)
		if n, _ := loops.Waiting(); n != 0 {
			t.Fatal("a loop runs turns that may block")
		}
	}
	k.ends(t)
}

// An end that comes with the last bytes is heard, as is one by a reset.
func TestLoopsHearTheEnd(t *testing.T) {
	var loops transport.Loops
	for i := range 200 {
		k := startLink(t, loops.Start)
		if i%2 == 0 {
			k.exchange(t)
		}
		k.Write([]byte("hello"))
		if i%3 == 0 {
			k.Conn.(*net.TCPConn).SetLinger(0)
		}
		k.Close()
		var end *transport.CloseError
		if err := <-k.end; !errors.As(err, &end) || i%3 != 0 && end.Kind != transport.CloseEOF && end.Kind != transport.CloseWrite && end.Kind != transport.CloseReset {
			t.Errorf("ended with %v", err)
		}
	}
}

// Connections that go on as fast as they can do not keep the rest of the process,
// what waits for the network included, from its turn.
func TestLoopsGiveWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var loops transport.Loops
	var stop atomic.Bool
	var busy sync.WaitGroup
	for range 8 {
		k := startLink(t, loops.Start)
		busy.Go(func() {
			for !stop.Load() {
				k.exchange(t)
			}
			k.ends(t)
		})
	}
	other := startLink(t, transport.Start)
	for range 200 {
		other.exchange(t)
	}
	stop.Store(true)
	busy.Wait()
	other.ends(t)
}

// Anything that is no socket is pumped all the same.
func TestLoopsAndSomethingElse(t *testing.T) {
	a, b := net.Pipe()
	k := &link{a, &restful{fake: &fake{t: t}}, make(chan error, 2)}
	k.ep.onReceive = func(_ time.Time, p []byte) { k.ep.say(p) }
	new(transport.Loops).Start(context.Background(), b, k.ep, transport.Options{}, func(err error) { k.end <- err })
	k.exchange(t)
	k.ends(t)
}
