package verb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// pooled is a client of a server that answers when it is told to.
type pooled struct {
	t       *testing.T
	client  *events.ClientSession
	session *events.ServerSession
	link    *mem.Link
	open    []*events.ServerStream // requests without an answer
	most    int                    // that were open at once
}

func newPooled(t *testing.T, limit uint32) *pooled {
	t.Helper()
	var opts events.SessionOptions
	opts.Settings.MaxConcurrentStreams = events.Set(limit)
	p := &pooled{t: t}
	var err error
	if p.session, err = events.NewServerSession(mem.Epoch, opts); err != nil {
		t.Fatal(err)
	}
	if p.client, err = events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{}); err != nil {
		t.Fatal(err)
	}
	p.client.OnError(func(error) {})
	p.session.OnError(func(error) {})
	p.session.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.OnError(func(error) {})
		p.open = append(p.open, st)
		p.most = max(p.most, len(p.open))
	})
	p.link = mem.NewLink(p.client, p.session, mem.Options{})
	p.link.Settle()
	return p
}

// answer answers the oldest request.
func (p *pooled) answer() {
	st := p.open[0]
	p.open = p.open[1:]
	st.EndString("ok")
	p.link.Settle()
	synctest.Wait() // places are given back by goroutines
}

func (p *pooled) create(place *PooledStream) *events.ClientStream {
	p.t.Helper()
	st, err := place.CreateStream(context.Background(), events.H(":path", "/"))
	if err != nil {
		p.t.Fatal(err)
	}
	st.OnData(func([]byte) {})
	st.OnError(func(error) {})
	p.link.Settle()
	return st
}

// A place counts until its stream has ended, and can then have another.
func TestStreamPool(t *testing.T) { synctest.Test(t, testStreamPool) }

func testStreamPool(t *testing.T) {
	p := newPooled(t, 1000)
	pool := NewStreamPool(StreamPoolOptions{MaxStreams: 2, MaxWaiting: events.Set(0)})
	c := pool.GetPool(p.client)
	counts := func(active, available int) {
		t.Helper()
		if c.Active() != active || c.Available() != available {
			t.Errorf("%d active and %d available, want %d and %d", c.Active(), c.Available(), active, available)
		}
	}
	if NewStreamPool().GetPool(p.client).MaxStreams() != 100 || c.MaxStreams() != 2 {
		t.Error("max streams:", c.MaxStreams())
	}
	covers(t, "verb.class.StreamPool", "verb.streamPool.getPool", "verb.streamPool.maxStreams")
	a, err := pool.AcquireStream(t.Context(), p.client)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := pool.AcquireStream(t.Context(), p.client)
	counts(2, 0)
	if _, err := pool.AcquireStream(t.Context(), p.client); err != ErrMaxStreams || err.Error() != "verb: Max streams exceeded" {
		t.Error("one too many:", err)
	}
	covers(t, "verb.streamPool.acquireStream", "verb.streamPool.active", "verb.streamPool.available")

	p.create(a)
	if _, err := a.CreateStream(t.Context(), events.H()); err != ErrPlaceTaken {
		t.Error("two streams in one place:", err)
	}
	p.answer()
	st := p.create(a) // again
	if st.ID() != 3 {
		t.Error("the second stream:", st.ID())
	}
	covers(t, "verb.connection.createStream")
	pool.ReleaseStream(a)
	counts(2, 0) // its stream is still open
	p.answer()
	counts(1, 1)
	b.Release()
	b.Release()
	counts(0, 2)
	covers(t, "verb.streamPool.releaseStream")
	if _, err := b.CreateStream(t.Context(), events.H()); err != ErrPlaceTaken {
		t.Error("a place that was released:", err)
	}
	p.client.Close()
	if _, err := pool.AcquireStream(t.Context(), p.client); !errors.Is(err, events.ErrInvalidSession) {
		t.Error("a closed connection:", err)
	}
	p.link.Settle()
	if len(pool.pools) != 0 {
		t.Error("a connection that has ended is forgotten:", pool.pools)
	}
}

// Who hears of the end of a place's stream may use the place at once.
func TestStreamPoolAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPooled(t, 1000)
		place, err := NewStreamPool().AcquireStream(t.Context(), p.client)
		if err != nil {
			t.Fatal(err)
		}
		again := false
		p.create(place).OnClose(func() {
			_, err := place.CreateStream(t.Context(), events.H())
			if again = true; err != nil {
				t.Error(err)
			}
		})
		p.answer()
		if !again {
			t.Error("no close event")
		}
		p.client.Destroy(nil, events.NoError)
		p.link.Settle()
	})
}

// Flows that wait take turns; the server's limit holds, and may rise.
func TestStreamPoolQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPooled(t, 1)
		pool := NewStreamPool(StreamPoolOptions{MaxWaiting: events.Set(6)})
		first, err := pool.AcquireStream(t.Context(), p.client)
		if err != nil {
			t.Fatal(err)
		}
		type served struct {
			name  string
			place *PooledStream
			err   error
		}
		got := make(chan served)
		ctx, cancel := context.WithCancel(t.Context())
		for i, flow := range []string{"bulk", "bulk", "bulk", "one", "bulk", "gone"} {
			go func() {
				ctx := ctx
				if flow != "gone" {
					ctx = t.Context()
				}
				place, err := pool.AcquireStream(ctx, p.client, flow)
				got <- served{fmt.Sprint(flow, i), place, err}
			}()
			synctest.Wait()
		}
		c := pool.GetPool(p.client)
		if _, err := pool.AcquireStream(t.Context(), p.client, "another"); err != ErrMaxStreams || c.Waiting() != 6 {
			t.Error("the queue is full:", err, c.Waiting())
		}
		cancel()
		if s := <-got; s.name != "gone5" || s.err != context.Canceled || c.Waiting() != 5 {
			t.Error("who waits no more:", s, c.Waiting())
		}
		place := first
		for _, want := range []string{"bulk0", "one3", "bulk1"} {
			p.create(place)
			place.Release()
			p.answer()
			s := <-got
			if s.name != want || s.err != nil {
				t.Fatal("served", s, "want", want)
			}
			place = s.place
		}
		if p.most != 1 {
			t.Error(p.most, "streams at once")
		}
		if err := p.session.Settings(events.Settings{MaxConcurrentStreams: events.Set[uint32](2)}, nil); err != nil {
			t.Fatal(err)
		}
		p.link.Settle()
		if s := <-got; s.name != "bulk2" || s.err != nil {
			t.Error("a limit that has risen:", s)
		}
		p.session.Destroy(nil, core.NoError)
		p.link.Settle()
		if s := <-got; s.name != "bulk4" || !errors.Is(s.err, events.ErrGoAwaySession) && !errors.Is(s.err, events.ErrInvalidSession) {
			t.Error("a connection that has ended:", s)
		}
	})
}

// The stream of a place waits for its first listener, as any other does, and
// counts no longer than until its end all the same.
func TestStreamPoolLateListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPooled(t, 1000)
		pool := NewStreamPool()
		place, err := pool.AcquireStream(t.Context(), p.client)
		if err != nil {
			t.Fatal(err)
		}
		st, err := place.CreateStream(t.Context(), events.H(":path", "/"))
		if err != nil {
			t.Fatal(err)
		}
		p.link.Settle()
		p.answer()
		synctest.Wait()
		place.Release()
		if n := pool.GetPool(p.client).Active(); n != 0 {
			t.Error(n, "places of streams that have ended")
		}
		var got []string
		st.OnResponse(func(h events.Headers, _ events.Flags) { got = append(got, fmt.Sprint(h.Status())) })
		st.OnData(func(b []byte) { got = append(got, string(b)) })
		st.OnClose(func() { got = append(got, "close") })
		p.link.Settle()
		synctest.Wait()
		if want := []string{"200", "ok", "close"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		p.client.Close()
		p.link.Settle()
	})
}
