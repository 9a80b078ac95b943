package transport_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/mem"
)

// One read holds a hundred requests: one turn, and one write.
func TestOneWritePerTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		f := &fake{}
		f.onReceive = func(_ time.Time, p []byte) {
			for range p {
				f.say([]byte("answer"))
			}
		}
		r := runOver(t, t.Context(), f, transport.Options{}, ours, peer)
		r.peer.Write(make([]byte, 100))
		buf := make([]byte, 10_000)
		if n, _ := r.peer.Read(buf); n != 600 {
			t.Errorf("the first read brings %d bytes, want all 600", n)
		}
		r.peer.Close()
		r.ends(transport.CloseEOF, io.EOF, 0)
	})
}

// After output was written there is room, and the endpoint is asked for more;
// but never by the goroutine that told it something.
func TestAdvanceAfterWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		left := 100
		var telling sync.Mutex
		f.onAdvance = func(time.Time) {
			telling.Lock() // a callback that needs what the teller holds
			defer telling.Unlock()
			if left > 0 {
				left--
				f.say(make([]byte, 10_000))
			}
		}
		r := run(t, t.Context(), f, transport.Options{})
		synctest.Wait()
		telling.Lock()
		f.tell(func() { f.out = append(f.out, 'x') })
		telling.Unlock()
		if n, err := io.ReadFull(r.peer, make([]byte, 1_000_001)); err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		r.peer.Close()
		r.ends(transport.CloseEOF, io.EOF, 0)
	})
}

// A peer that does not read (AC-008, AC-040): what we hold for it stays small,
// and the core's write timer ends it. AC-003 (b): reading pauses.
func TestPeerThatDoesNotRead(t *testing.T) {
	for _, kind := range []string{"mem", "plain"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := mem.PipeSize(1024)
				var conn io.ReadWriteCloser = ours
				if kind == "plain" {
					conn = struct{ io.ReadWriteCloser }{ours}
				}
				start := time.Now()
				s := h2test.NewServer(start, core.Config{})
				end := make(chan error, 1)
				go func() { end <- transport.Run(t.Context(), conn, s, transport.Options{}) }()

				// The client's side is a core too, which is never given input.
				c, err := core.NewClient(start, core.Config{})
				if err != nil {
					t.Fatal(err)
				}
				theirs.Write(c.AppendOutput(nil))
				theirs.Write([]byte{0, 0, 0, 4, 1, 0, 0, 0, 0}) // SETTINGS, acknowledged unread
				synctest.Wait()
				ping := append([]byte{0, 0, 8, 6, 0, 0, 0, 0, 0}, "pingpong"...)
				var sent atomic.Int32
				go func() {
					for range 500_000 {
						if _, err := theirs.Write(ping); err != nil {
							return
						}
						sent.Add(1)
					}
				}()
				<-time.After(10 * time.Second) // virtual
				// 1 KiB is in the pipe, 128 replies wait, and what we did not
				// read fills the pipe and one read.
				s.Do(func(_ time.Time, c *core.Conn) {
					if pending := c.OutputPending(); pending > 128*17+1024 {
						t.Errorf("%d bytes of output pend", pending)
					}
				})
				if sent.Load() > 10_000 {
					t.Errorf("%d pings were taken", sent.Load())
				}
				<-end
				if took := time.Since(start); took > 32*time.Second || s.Closed == nil || s.Closed.Fault != core.FaultWriteStalled {
					t.Errorf("ended after %v with %v", took, s.Closed)
				}
			})
		})
	}
}

// Two peers that send in bulk over a connection without any buffer: nobody
// waits for a write before it reads.
func TestBulkAgainstBulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var wg sync.WaitGroup
		for _, conn := range []net.Conn{a, b} {
			f := &fake{t: t, out: make([]byte, 1<<20)}
			got := 0
			f.onReceive = func(_ time.Time, p []byte) {
				if got += len(p); got == 1<<20 {
					f.inside(func() { f.done = true })
				}
			}
			wg.Go(func() { transport.Run(t.Context(), conn, f, transport.Options{}) })
		}
		wg.Wait()
	})
}

func TestReadPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{paused: true}
		got := 0
		f.onReceive = func(_ time.Time, p []byte) { got += len(p) }
		r := run(t, t.Context(), f, transport.Options{})
		r.peer.Write([]byte("hello"))
		synctest.Wait()
		if got != 0 {
			t.Error("read although paused")
		}
		f.tell(func() { f.paused = false })
		synctest.Wait()
		if got != 5 {
			t.Errorf("received %d bytes after the pause, want 5", got)
		}
		f.inside(func() { f.paused = true })
		r.peer.Write([]byte("x"))
		synctest.Wait()
		f.tell(func() { f.done = true }) // ends the pause as well
		r.peer.Close()
		r.ends(transport.CloseDone, nil, 0)
	})
}

// Many goroutines tell two endpoints what to do while they talk: no wake-up is
// lost.
func TestWakesAreNotLost(t *testing.T) {
	for _, kind := range []string{"tcp", "mem", "pipe"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			const goroutines, each = 8, 200
			c, _, wait := both(t, t.Context(), kind, core.Config{}, transport.Options{})
			all := make(chan struct{})
			c.Do(func(time.Time, *core.Conn) {
				c.OnEvent = func(core.Event) {
					if c.Answers == goroutines*each {
						c.OnEvent = nil
						close(all)
					}
				}
			})
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					for range each {
						c.Request("/100", 0)
					}
				})
			}
			wg.Wait()
			<-all
			c.Do(func(now time.Time, conn *core.Conn) { conn.Shutdown(now) })
			if ce, se := wait(); !ce.Orderly() || !se.Orderly() {
				t.Errorf("ended with %v and %v", ce, se)
			}
		})
	}
}
