package events_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// serveMem runs a server on in-memory connections and returns a client session
// with it.
func serveMem(t *testing.T, opts events.ServerOptions, f func(*events.ServerStream, events.Headers)) (*events.Server, *events.ClientSession) {
	t.Helper()
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) { f(st, h) })
	l := mem.Listen()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Destroy(nil, core.NoError)
		client.Wait()
		srv.DestroyAll()
		srv.Wait()
		if err := <-served; !errors.Is(err, events.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return srv, client
}

func request(t *testing.T, client *events.ClientSession, h events.Headers, opts ...events.RequestOptions) *events.Duplex {
	t.Helper()
	st, err := client.Request(t.Context(), h, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return st.Blocking()
}

// goEcho sends back what comes, from a goroutine of its own.
func goEcho(st *events.ServerStream, _ events.Headers) {
	d := st.Blocking()
	go func() {
		defer d.Close()
		if _, err := io.Copy(d, d); err == nil {
			d.CloseWrite()
		}
	}()
}

func TestDuplexEcho(t *testing.T) {
	_, client := serveMem(t, events.ServerOptions{}, goEcho)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			d := request(t, client, events.H(":method", "POST"))
			defer d.Close()
			sent := bytes.Repeat([]byte{byte(i)}, 1<<20+i)
			go func() {
				if n, err := d.Write(sent); n != len(sent) || err != nil {
					t.Errorf("Write: %d, %v", n, err)
				}
				d.CloseWrite()
			}()
			if h, err := d.Response(); err != nil || h.Status() != 200 {
				t.Errorf("Response: %d, %v", h.Status(), err)
			}
			if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
		})
	}
	all.Wait()
}

func TestDuplexTrailers(t *testing.T) {
	_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, _ events.Headers) {
		st.Respond(events.Headers{}, events.RespondOptions{WaitForTrailers: true})
		d := st.Blocking()
		go func() {
			defer d.Close()
			body, err := io.ReadAll(d)
			if err != nil {
				t.Error(err)
			}
			d.Write(body)
			if err := d.SendTrailers(events.H("was", d.Trailers().Get("check"))); err != nil {
				t.Error(err)
			}
		}()
	})
	d := request(t, client, events.H(":method", "PUT"), events.RequestOptions{WaitForTrailers: true})
	defer d.Close()
	io.WriteString(d, "body")
	if err := d.SendTrailers(events.H("check", "42")); err != nil {
		t.Error(err)
	}
	body, err := io.ReadAll(d)
	if string(body) != "body" || err != nil || d.Trailers().Get("was") != "42" {
		t.Errorf("%q, %v, trailers %s", body, err, text(d.Trailers()))
	}
}

// Whoever gives up does not look as if it had said everything.
func TestDuplexTruncated(t *testing.T) {
	for name, end := range map[string]func(st *events.ServerStream, d *events.Duplex){
		"closed by its goroutine": func(_ *events.ServerStream, d *events.Duplex) { d.Close() },
		"reset without an error":  func(st *events.ServerStream, _ *events.Duplex) { st.Close(core.NoError) },
		"canceled":                func(st *events.ServerStream, _ *events.Duplex) { st.Close(core.Cancel) },
		"the session destroyed":   func(st *events.ServerStream, _ *events.Duplex) { st.Session().Destroy(nil, core.NoError) },
		"the connection closed":   func(_ *events.ServerStream, d *events.Duplex) { connOf(d).Close() },
		"the connection reset":    func(_ *events.ServerStream, d *events.Duplex) { connOf(d).(*mem.Conn).Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, _ events.Headers) {
				d := st.Blocking()
				go func() {
					io.WriteString(d, "half")
					end(st, d)
				}()
			})
			d := request(t, client, events.Headers{})
			defer d.Close()
			body, err := io.ReadAll(d)
			if err == nil {
				t.Errorf("read %q and no error", body)
			}
		})
	}
}

// connOf returns what carries a stream, to break it.
func connOf(d *events.Duplex) net.Conn { return events.CarrierOf(d) }

func TestDuplexDeadlines(t *testing.T) { synctest.Test(t, testDeadlines) }

func testDeadlines(t *testing.T) {
	release := make(chan struct{})
	_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, _ events.Headers) {
		st.Pause()
		go func() {
			<-release
			st.Resume()
			st.EndString("late")
		}()
	})
	d := request(t, client, events.H(":method", "POST"))
	defer d.Close()
	began := time.Now()
	d.SetReadDeadline(began.Add(time.Minute))
	if _, err := d.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read: %v", err)
	}
	if _, err := d.Response(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Response: %v", err)
	}
	if waited := time.Since(began); waited != time.Minute {
		t.Errorf("waited %v", waited)
	}
	d.SetWriteDeadline(time.Now().Add(time.Minute))
	if n, err := d.Write(make([]byte, 10<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == 10<<20 {
		t.Errorf("Write: %d, %v", n, err)
	}
	d.SetDeadline(time.Time{})
	close(release)
	if err := d.CloseWrite(); err != nil {
		t.Error(err)
	}
	if body, err := io.ReadAll(d); string(body) != "late" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	d.Close()
	if _, err := d.Read(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// Close ends a Read and a Write that wait.
// A server that has answered stops an upload with NO_ERROR (RFC 9113 §8.1): that is
// no write after an end of the writer's.
func TestDuplexStopped(t *testing.T) {
	_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, h events.Headers) {
		answer := func() {
			st.Respond(events.Status(413))
			st.EndString("too large")
			st.Close(core.NoError)
		}
		if h.Path() == "/" {
			answer()
			return
		}
		st.OnEnd(answer)
		st.Resume()
	})
	d := request(t, client, events.H(":method", "POST"))
	defer d.Close()
	if _, err := io.ReadAll(d); err != nil {
		t.Error("the answer:", err)
	}
	var e *events.Error
	var err error
	for range 1000 { // the reset may be a moment behind the answer
		if _, err = d.Write(make([]byte, 1000)); err != nil {
			break
		}
	}
	if !errors.As(err, &e) || !errors.Is(err, events.ErrStreamError) || e.HTTP2 != core.NoError || !e.ByPeer {
		t.Errorf("a write that was stopped: %v", err)
	}
	ended := request(t, client, events.H(":method", "POST", ":path", "/ended"))
	defer ended.Close()
	if err := ended.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	io.ReadAll(ended)
	if _, err := ended.Write([]byte("x")); !errors.Is(err, events.ErrWriteAfterEnd) {
		t.Errorf("a write after CloseWrite: %v", err)
	}
}

func TestDuplexCloseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, _ events.Headers) { st.Pause() })
		d := request(t, client, events.H(":method", "POST"))
		done := make(chan error, 2)
		go func() {
			_, err := d.Read(make([]byte, 1))
			done <- err
		}()
		go func() {
			_, err := d.Write(make([]byte, 10<<20))
			done <- err
		}()
		synctest.Wait()
		d.Close()
		for range 2 {
			if err := <-done; err == nil {
				t.Error("no error")
			}
		}
		if d.LocalAddr() == nil || d.RemoteAddr() == nil {
			t.Error("no address")
		}
	})
}

func TestDuplexStrings(t *testing.T) {
	_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, h events.Headers) {
		st.EndString(strings.ToUpper(h.Path()))
	})
	d := request(t, client, events.H(":path", "/abc"))
	defer d.Close()
	if body, err := io.ReadAll(d); string(body) != "/ABC" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

// A context that is done ends its request, wherever that is.
func TestRequestContext(t *testing.T) {
	_, client := serveMem(t, events.ServerOptions{SessionOptions: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(1))},
	}}, func(*events.ServerStream, events.Headers) {})
	for range 3 { // the first is sent, the others wait
		ctx, cancel := context.WithCancelCause(t.Context())
		st, err := client.Request(ctx, events.Headers{})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		st.OnError(func(err error) { done <- err })
		why := errors.New("enough")
		cancel(why)
		if err := <-done; !errors.Is(err, events.ErrAbort) || !errors.Is(err, why) {
			t.Errorf("error %v", err)
		}
		if code, _ := st.RSTCode(); code != core.Cancel {
			t.Errorf("closed with %v", code)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	st, err := client.Request(ctx, events.Headers{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Blocking().Response(); !errors.Is(err, events.ErrAbort) {
		t.Errorf("canceled before: %v", err)
	}
}

// A stream on which much waited once does not keep the storage for it.
func TestDuplexStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const much = 900 << 10
		streams := make(chan *events.Duplex, 1)
		_, client := serveMem(t, events.ServerOptions{SessionOptions: events.SessionOptions{
			Settings: events.Settings{InitialWindowSize: events.Set[uint32](1 << 20)},
		}}, func(st *events.ServerStream, _ events.Headers) { streams <- st.Blocking() })
		d := request(t, client, events.H(":method", "POST"))
		defer d.Close()
		server := <-streams
		defer server.Close()
		send := func(n int) {
			t.Helper()
			if _, err := d.Write(make([]byte, n)); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if kept := events.StorageOf(server); kept < n {
				t.Errorf("%d bytes wait in %d", n, kept)
			}
			if _, err := io.ReadFull(server, make([]byte, n)); err != nil {
				t.Error(err)
			}
		}
		send(much)
		if kept := events.StorageOf(server); kept != 0 {
			t.Errorf("%d bytes are kept for nothing", kept)
		}
		send(1000) // goes into storage of its own, which stays
		if kept := events.StorageOf(server); kept == 0 || kept > 4000 {
			t.Errorf("%d bytes are kept", kept)
		}
	})
}

// The context of a stream ends with it, wakes up no stream that waits for a
// listener, and does not wait for one.
func TestStreamContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := make(chan *events.ServerStream, 2)
		_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, h events.Headers) {
			served <- st
			st.Respond(events.Headers{})
		})
		for _, end := range []func(*events.ClientStream){
			func(*events.ClientStream) { (<-served).EndString("body") },
			func(st *events.ClientStream) { (<-served).Close(events.Cancel) },
			func(st *events.ClientStream) { <-served; st.Close(events.Cancel) },
			func(st *events.ClientStream) { <-served; client.Destroy(nil, core.NoError) },
		} {
			st, err := client.Request(t.Context(), events.Headers{})
			if err != nil {
				t.Fatal(err)
			}
			ctx := st.Context()
			synctest.Wait()
			if ctx.Err() != nil || st.Context() != ctx {
				t.Error("it has ended before the stream")
			}
			end(st)
			<-ctx.Done()
			heard := false
			st.OnResponse(func(events.Headers, events.Flags) { heard = true })
			synctest.Wait()
			if !heard {
				t.Error("no response")
			}
			if st.Context().Err() == nil {
				t.Error("of a stream that is over it has ended")
			}
		}
	})
}
