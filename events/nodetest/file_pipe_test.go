//go:build unix

package nodetest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// makePipe makes a pipe with a name.
func makePipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Skip(err)
	}
	return path
}

func TestNode_respond_file_pipe(t *testing.T) {
	t.Run("respond-file-error-pipe-offset", func(t *testing.T) {
		path := makePipe(t)
		for _, opts := range []events.FileOptions{{Offset: 10}, {Length: events.Set[int64](3)}} {
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				opts.StatCheck = func(fs.FileInfo, *events.Headers) bool { t.Error("StatCheck was called"); return true }
				opts.OnError = func(err error) {
					isError(t, "OnError", err, "ERR_HTTP2_SEND_FILE_NOSEEK", "Offset or length can only be specified for regular files")
					st.Respond(events.Status(404), events.RespondOptions{EndStream: true})
				}
				st.RespondWithFile(path, events.H("content-type", "text/plain"), opts)
			})
			w.fetch().is(t, 404, "")
		}
	})
}

// A pipe of which no part is asked for is no regular file either, and nobody
// waits for its writer.
func TestFilePipe(t *testing.T) {
	path := makePipe(t)
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.RespondWithFile(path, events.Headers{}) })
	w.fetch()
	if !w.saw("server error ERR_HTTP2_SEND_FILE: Only regular files can be sent") {
		t.Errorf("happened: %q", w.log)
	}
}

// Nobody would read a pipe for a session that is driven by a loop.
func TestFDPipeOnLink(t *testing.T) {
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer wr.Close()
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		if err := st.RespondWithFD(r, events.Headers{}); !errors.Is(err, events.ErrSendPipe) {
			t.Errorf("RespondWithFD: %v", err)
		}
		st.End(nil)
	})
	w.fetch().is(t, 200, "")
}

// served runs a server on connections in memory, asks it once and returns the
// stream for reading.
func served(t *testing.T, handle func(st *events.ServerStream)) *events.Duplex {
	t.Helper()
	server, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.OnError(func(error) {})
		handle(st)
	})
	l := mem.Listen()
	go server.Serve(l)
	client, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Destroy(nil, core.NoError)
		shutdown(t, server)
	})
	st, err := client.Request(context.Background(), events.Headers{})
	if err != nil {
		t.Fatal(err)
	}
	return st.Blocking()
}

func TestFDPipe(t *testing.T) {
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer wr.Close()
	conn := served(t, func(st *events.ServerStream) {
		st.OnWantTrailers(func() { st.SendTrailers(events.H("x-end", "yes")) })
		if err := st.RespondWithFD(r, events.Headers{}, events.FDOptions{WaitForTrailers: true}); err != nil {
			t.Error(err)
		}
	})
	// What is in the pipe comes while it is open.
	buf := make([]byte, 100)
	for range 3 {
		io.WriteString(wr, "Hello, world!\n")
		if n, err := io.ReadFull(conn, buf[:14]); err != nil || string(buf[:n]) != "Hello, world!\n" {
			t.Fatalf("Read: %q, %v", buf[:n], err)
		}
	}
	go func() {
		io.WriteString(wr, digits)
		wr.Close()
	}()
	rest, err := io.ReadAll(conn)
	if err != nil || string(rest) != digits || conn.Trailers().Get("x-end") != "yes" {
		t.Errorf("got %d bytes, %v, trailers %v", len(rest), err, conn.Trailers())
	}
	isOpen(t, r)
}

// A stream that ends early calls its reader back, and leaves the pipe to the
// caller.
func TestFDPipeAborted(t *testing.T) {
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer wr.Close()
	closed := make(chan bool)
	conn := served(t, func(st *events.ServerStream) {
		st.OnClose(func() { close(closed) })
		st.RespondWithFD(r, events.Headers{})
	})
	if _, err := conn.Response(); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	<-closed
	isOpen(t, r)
	// Its reader was called back before the close event, and does not take this.
	io.WriteString(wr, "x")
	r.SetReadDeadline(time.Now().Add(10 * time.Second)) // rather than for ever
	buf := make([]byte, 10)
	if n, err := r.Read(buf); err != nil || string(buf[:n]) != "x" {
		t.Errorf("Read: %q, %v", buf[:n], err)
	}
}

// A length bounds a pipe, too; an offset makes reading fail.
func TestFDPipePart(t *testing.T) {
	for _, opts := range []events.FDOptions{{Length: events.Set[int64](5)}, {Offset: 5}} {
		r, wr, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer wr.Close()
		conn := served(t, func(st *events.ServerStream) {
			if err := st.RespondWithFD(r, events.Headers{}, opts); err != nil {
				t.Error(err)
			}
		})
		io.WriteString(wr, "Hello, world!\n")
		body, err := io.ReadAll(conn)
		var e *events.Error
		if opts.Offset == 0 && (err != nil || string(body) != "Hello") ||
			opts.Offset > 0 && (!errors.As(err, &e) || e.HTTP2 != core.InternalError) {
			t.Errorf("%+v: %q, %v", opts, body, err)
		}
	}
}
