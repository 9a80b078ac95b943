package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
)

// restful is an endpoint that gives back what it gets, and rests when it is told
// to.
type restful struct {
	*fake
	resting atomic.Bool
}

func (r *restful) Resting() bool { return r.resting.Load() }

// rest has it find out, at once, that it has come to rest.
func (r *restful) rest() {
	r.resting.Store(true)
	r.tell(func() { r.deadline = time.Now() })
}

// starter is Start, or that of Loops.
type starter func(context.Context, io.ReadWriteCloser, transport.Endpoint, transport.Options, func(error))

// started runs a test with each of them.
func started(t *testing.T, test func(t *testing.T, start starter)) {
	t.Run("start", func(t *testing.T) { test(t, transport.Start) })
	t.Run("loops", func(t *testing.T) { test(t, new(transport.Loops).Start) })
}

// link is a socket that is served by a starter.
type link struct {
	net.Conn
	ep  *restful
	end chan error
}

func startLink(t *testing.T, start starter) *link {
	return startLinkWith(t, start, func(k *link, p []byte) { k.ep.say(p) })
}

// startLinkWith has f deal with what comes.
func startLinkWith(t *testing.T, start starter, f func(k *link, p []byte)) *link {
	a, b := socktest.Pair(t)
	k := &link{a, &restful{fake: &fake{t: t}}, make(chan error, 2)}
	k.ep.onReceive = func(_ time.Time, p []byte) {
		k.ep.resting.Store(false)
		f(k, p)
	}
	start(context.Background(), b, k.ep, transport.Options{}, func(err error) {
		k.ep.ended.Store(true)
		k.end <- err
	})
	return k
}

func (k *link) exchange(t *testing.T) {
	t.Helper()
	p := []byte("hello")
	if _, err := k.Write(p); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(k, p); err != nil || string(p) != "hello" {
		t.Fatalf("%q and %v came back", p, err)
	}
}

func (k *link) ends(t *testing.T) {
	t.Helper()
	k.Close()
	var end *transport.CloseError
	if err := <-k.end; !errors.As(err, &end) || end.Kind != transport.CloseEOF {
		t.Errorf("ended with %v", err)
	}
}

// stacksBecome waits until n connections have stacks of at most size bytes each,
// beyond what there was before.
func stacksBecome(t *testing.T, before uint64, n int, size uint64, when string) {
	t.Helper()
	var m runtime.MemStats
	for began := time.Now(); ; runtime.Gosched() {
		runtime.ReadMemStats(&m)
		each := (m.StackInuse - min(before, m.StackInuse)) / uint64(n)
		if each <= size {
			t.Logf("%s: %d bytes of stack a connection", when, each)
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%s: %d bytes of stack a connection, want at most %d", when, each, size)
		}
	}
}

// What waits on a connection begun by Start has the smallest stack there is:
// after few exchanges, and after many once the endpoint has come to rest.
func TestStackOfAnIdleConnection(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has frames of its own")
	}
	started(t, stackOfAnIdleConnection)
}

func stackOfAnIdleConnection(t *testing.T, start starter) {
	const n, size = 400, 2600
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	links := make([]*link, n)
	for i := range links {
		links[i] = startLink(t, start)
	}
	// The collector has goroutines begin with what they used on average: in a
	// process with many connections, little.
	runtime.GC()
	for _, k := range links {
		k.exchange(t)
	}
	stacksBecome(t, m.StackInuse, n, size, "after one exchange")
	for range 2 {
		runtime.GC()
		for _, k := range links {
			for range 20 {
				k.exchange(t)
			}
		}
		for _, k := range links {
			k.ep.rest()
		}
		stacksBecome(t, m.StackInuse, n, size, "at rest after twenty")
	}
	for _, k := range links {
		k.exchange(t)
		k.ends(t)
	}
}

// Coming to rest takes nothing away from a connection, whenever it comes.
func TestRestLosesNothing(t *testing.T) { started(t, restLosesNothing) }

func restLosesNothing(t *testing.T, start starter) {
	k := startLink(t, start)
	for i := range 2000 {
		if i%10 == 9 {
			go k.ep.rest()
		}
		k.exchange(t)
	}
	k.ends(t)
}

// A deadline somebody else has set on the connection still ends it.
func TestStartAndADeadline(t *testing.T) {
	a, b := socktest.Pair(t)
	defer a.Close()
	b.SetDeadline(time.Now().Add(time.Millisecond))
	ended := make(chan error)
	transport.Start(context.Background(), b, &fake{t: t}, transport.Options{}, func(err error) { ended <- err })
	var end *transport.CloseError
	if err := <-ended; !errors.As(err, &end) || end.Kind != transport.CloseTimeout {
		t.Errorf("ended with %v", err)
	}
}

// A context ends all connections it was given to, and only those; what it was
// watched with for them goes with the last.
func TestOneContextForMany(t *testing.T) { started(t, oneContextForMany) }

func oneContextForMany(t *testing.T, begin starter) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	other, cancelOther := context.WithCancel(t.Context())
	defer cancelOther()
	start := func(ctx context.Context) (peer net.Conn, ended chan error) {
		a, b := socktest.Pair(t)
		ended = make(chan error, 1)
		begin(ctx, b, &fake{t: t}, transport.Options{}, func(err error) { ended <- err })
		return a, ended
	}
	var ends []chan error
	for i := range 9 {
		peer, ended := start(ctx)
		if i%3 == 1 { // out of the middle
			peer.Close()
			<-ended
			continue
		}
		defer peer.Close()
		ends = append(ends, ended)
	}
	peer, stays := start(other)
	cancel(cause)
	for _, ended := range ends {
		var end *transport.CloseError
		if err := <-ended; !errors.As(err, &end) || end.Kind != transport.CloseCanceled || !errors.Is(err, cause) {
			t.Errorf("ended with %v", err)
		}
	}
	late, ended := start(ctx) // one that comes too late
	defer late.Close()
	if err := <-ended; !errors.Is(err, cause) {
		t.Errorf("ended with %v", err)
	}
	select {
	case err := <-stays:
		t.Errorf("the connection of another context ended with %v", err)
	default:
	}
	peer.Close()
	<-stays
	if n := transport.Watched(); n != 0 {
		t.Errorf("%d contexts are still watched", n)
	}
}
