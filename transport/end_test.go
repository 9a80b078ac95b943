package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/mem"
)

// running is a Run that goes on, with what it will have returned.
type running struct {
	*fake
	t     testing.TB
	peer  *mem.Conn
	told  error // by ReceiveEOF
	end   chan *transport.CloseError
	begun time.Time
}

// run pumps a fake over a pipe, whose other end is the test's.
func run(t testing.TB, ctx context.Context, f *fake, opts transport.Options) *running {
	ours, peer := mem.Pipe()
	return runOver(t, ctx, f, opts, ours, peer)
}

func runOver(t testing.TB, ctx context.Context, f *fake, opts transport.Options, ours io.ReadWriteCloser, peer *mem.Conn) *running {
	r := &running{fake: f, t: t, peer: peer, end: make(chan *transport.CloseError, 1), begun: time.Now()}
	f.t = t
	f.onEOF = func(cause error) { r.told = cause }
	go func() {
		var end *transport.CloseError
		if err := transport.Run(ctx, ours, f, opts); !errors.As(err, &end) {
			t.Errorf("Run returned %v, not a CloseError", err)
		}
		f.ended.Store(true)
		r.end <- end
	}()
	return r
}

// ends waits for the end and checks how and when it came.
func (r *running) ends(kind transport.CloseKind, is error, after time.Duration) {
	r.t.Helper()
	end := <-r.end
	if end.Kind != kind || !errors.Is(end.Err, is) {
		r.t.Errorf("ended with %v, want %v", end, kind)
	}
	if n := r.eofs.Load(); n != 1 {
		r.t.Errorf("%d calls of ReceiveEOF, want 1", n)
	}
	if end.Orderly() != (r.told == nil) || r.told != nil && r.told != error(end) {
		r.t.Errorf("ReceiveEOF was told %v, Run returned %v", r.told, end)
	}
	if got := time.Since(r.begun); got != after {
		r.t.Errorf("it took %v, want %v", got, after)
	}
}

func TestEndOfInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := run(t, t.Context(), f, transport.Options{})
		f.onReceive = func(_ time.Time, p []byte) { f.say([]byte("bye")) }
		r.peer.Write([]byte("hello"))
		r.peer.CloseWrite()
		got, err := io.ReadAll(r.peer)
		if string(got) != "bye" || err != nil {
			t.Errorf("read %q, %v: what was pending has to arrive", got, err)
		}
		r.ends(transport.CloseEOF, io.EOF, 0)
	})
}

func TestOutputOfTheLastTurnArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := run(t, t.Context(), f, transport.Options{})
		f.onEOF = func(error) { f.say(make([]byte, 300_000)) }
		r.peer.CloseWrite()
		if got, _ := io.ReadAll(r.peer); len(got) != 300_000 {
			t.Errorf("%d bytes arrive, want 300000", len(got))
		}
		r.ends(transport.CloseEOF, io.EOF, 0)
	})
}

func TestDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := run(t, t.Context(), f, transport.Options{})
		synctest.Wait()
		f.tell(func() { f.out = append(f.out, "goaway"...); f.done = true })
		got, err := io.ReadAll(r.peer)
		if string(got) != "goaway" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		// The peer goes on writing, as if it had not seen it yet.
		r.peer.Write(make([]byte, 10_000))
		synctest.Wait()
		if _, err := r.peer.Write([]byte("more")); err != nil {
			t.Errorf("writing while we linger: %v", err)
		}
		r.ends(transport.CloseDone, nil, time.Second)
		if _, err := r.peer.Write([]byte("more")); err == nil {
			t.Error("after lingering the connection is still open")
		}
	})
}

func TestDoneAndThePeerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := run(t, t.Context(), f, transport.Options{})
		synctest.Wait()
		f.tell(func() { f.done = true })
		synctest.Wait()
		r.peer.Close()
		r.ends(transport.CloseDone, nil, 0)
	})
}

func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		r := run(t, ctx, &fake{}, transport.Options{})
		synctest.Wait()
		why := errors.New("enough")
		cancel(why)
		r.ends(transport.CloseCanceled, why, 0)
		if _, err := r.peer.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the connection is not closed: %v", err)
		}
	})
}

func TestCanceledWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := &fake{out: make([]byte, 1<<20)}
		r := run(t, ctx, f, transport.Options{})
		synctest.Wait()
		cancel()
		r.ends(transport.CloseCanceled, context.Canceled, 0)
	})
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, t.Context(), &fake{}, transport.Options{})
		synctest.Wait()
		r.peer.Reset()
		r.ends(transport.CloseReset, syscall.ECONNRESET, 0)
	})
}

func TestResetOfASocket(t *testing.T) {
	a, b := dialed(t, "tcp", "127.0.0.1:0")
	f := &fake{t: t}
	told := make(chan error, 1)
	f.onEOF = func(cause error) { told <- cause }
	got := make(chan error, 1)
	go func() { got <- transport.Run(t.Context(), b, f, transport.Options{}) }()
	a.(*net.TCPConn).SetLinger(0)
	a.Close()
	var end *transport.CloseError
	if err := <-got; !errors.As(err, &end) || end.Kind != transport.CloseReset || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("ended with %v", err)
	}
	if cause := <-told; cause != error(end) {
		t.Errorf("the endpoint was told %v", cause)
	}
}

func TestClosedByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		r := runOver(t, t.Context(), &fake{}, transport.Options{}, ours, peer)
		synctest.Wait()
		ours.Close()
		r.ends(transport.CloseLocal, net.ErrClosed, 0)
	})
}

func TestDeadlineOfTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		ours.SetDeadline(time.Now().Add(time.Minute))
		r := runOver(t, t.Context(), &fake{}, transport.Options{}, ours, peer)
		r.ends(transport.CloseTimeout, os.ErrDeadlineExceeded, time.Minute)
	})
}

// badConn fails as it is told.
type badConn struct {
	io.ReadWriteCloser
	readErr, writeErr error
}

func (c badConn) Read(p []byte) (int, error) {
	if c.readErr != nil {
		return 0, c.readErr
	}
	return c.ReadWriteCloser.Read(p)
}

func (c badConn) Write(p []byte) (int, error) {
	if c.writeErr != nil {
		return 0, c.writeErr
	}
	return c.ReadWriteCloser.Write(p)
}

func TestReadError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		bad := badConn{ours, errors.New("bad disk"), nil}
		runOver(t, t.Context(), &fake{}, transport.Options{}, bad, peer).ends(transport.CloseRead, bad.readErr, 0)
	})
}

// After a failed write, what the peer said before it left is still read: it
// may be the reason.
func TestWriteError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		f := &fake{out: []byte("hello")}
		var read bytes.Buffer
		f.onReceive = func(_ time.Time, p []byte) { read.Write(p) }
		bad := badConn{ours, nil, errors.New("full disk")}
		r := runOver(t, t.Context(), f, transport.Options{}, bad, peer)
		synctest.Wait()
		peer.Write([]byte("goaway"))
		r.ends(transport.CloseWrite, bad.writeErr, time.Second)
		if read.String() != "goaway" {
			t.Errorf("received %q after the failure", &read)
		}
	})
}

func TestStalledAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{out: make([]byte, 1<<20), done: true}
		r := run(t, t.Context(), f, transport.Options{})
		<-time.After(20 * time.Second) // virtual
		r.peer.Read(make([]byte, 10))
		r.ends(transport.CloseStalled, transport.ErrStalled, 50*time.Second)
	})
}

func TestNoLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, t.Context(), &fake{done: true}, transport.Options{Linger: -1})
		r.ends(transport.CloseDone, nil, 0)
	})
}

// A core that dies of a protocol error: the GOAWAY arrives over TCP although
// the peer goes on writing and never reads first.
func TestGoAwayArrives(t *testing.T) {
	a, b := dialed(t, "tcp", "127.0.0.1:0")
	s := h2test.NewServer(time.Now(), core.Config{})
	ended := make(chan error, 1)
	go func() { ended <- transport.Run(t.Context(), b, s, transport.Options{}) }()
	junk := append([]byte(core.Preface), make([]byte, 100_000)...)
	a.Write(junk)
	text, err := io.ReadAll(a)
	if err != nil || !bytes.Contains(text, []byte("first-frame-not-settings")) && s.Closed == nil {
		t.Errorf("read %d bytes, %v", len(text), err)
	}
	a.Close()
	<-ended
	if s.Closed == nil || !bytes.Contains(text, []byte(s.Closed.Fault.String())) {
		t.Errorf("closed with %v, read %q", s.Closed, text)
	}
}

func TestHTTP1GetsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		go transport.Run(t.Context(), ours, h2test.NewServer(time.Now(), core.Config{}), transport.Options{HoldFirstWrite: transport.DefaultHold})
		peer.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		peer.CloseWrite()
		text, _ := io.ReadAll(peer)
		if !strings.HasPrefix(string(text), "HTTP/1.1 400 ") {
			t.Errorf("answer: %q", text)
		}
	})
}

func TestHoldFirstWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{out: []byte("settings")}
		r := run(t, t.Context(), f, transport.Options{HoldFirstWrite: transport.DefaultHold})
		r.peer.Read(make([]byte, 100))
		if held := time.Since(r.begun); held != transport.DefaultHold {
			t.Errorf("the first output came after %v, want %v", held, transport.DefaultHold)
		}
		r.peer.Close()
		r.ends(transport.CloseEOF, io.EOF, transport.DefaultHold)
	})
}

// What the last turn has to say is written, also if everything else has left
// meanwhile.
func TestLastTurnIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		f := &fake{t: t, out: make([]byte, 1<<20)} // more than the pipe takes
		last := make(chan bool)
		f.onEOF = func(error) {
			close(last)
			synctest.Wait() // until all of it has been read
			f.say([]byte("bye"))
		}
		end := make(chan error, 1)
		go func() { end <- transport.Run(t.Context(), ours, quickFake{f}, transport.Options{}) }()
		synctest.Wait()
		peer.CloseWrite()
		<-last
		got, err := io.ReadAll(peer)
		if !bytes.HasSuffix(got, []byte("bye")) || len(got) != 1<<20+3 || err != nil {
			t.Errorf("%d bytes were read, %v", len(got), err)
		}
		<-end
	})
}

// hasty is an endpoint that is over, with a last word, just after somebody has
// found that it has nothing to say.
type hasty struct {
	*fake
	armed bool
}

func (h *hasty) SwapOutput(spare []byte) []byte {
	out := h.fake.SwapOutput(spare)
	if len(out) == 0 && h.armed {
		h.armed = false
		h.inside(func() { h.out, h.done = append(h.out, "bye"...), true })
		go h.tell(func() {})
	}
	return out
}

func TestLastWordIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := mem.Pipe()
		ep := &hasty{fake: &fake{t: t}, armed: true}
		end := make(chan error, 1)
		go func() { end <- transport.Run(t.Context(), ours, ep, transport.Options{}) }()
		if got, err := io.ReadAll(peer); string(got) != "bye" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		peer.Close()
		<-end
	})
}
