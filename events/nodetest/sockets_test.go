package nodetest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"weft/events"
	"weft/transport/mem"
)

// watchSession notes how a session ends. It belongs into a turn, as watchEnd
// does: what happens between two of its lines would be noted in part.
func (k *kind) watchSession(who string, s *events.Session) {
	s.OnError(func(err error) { k.note("%s error %s", who, errText(err)) })
	s.OnClose(func() { k.note("%s close", who) })
}

// of returns what was noted about one of them, once nothing moves.
func (k *kind) of(who string) []string {
	synctest.Wait()
	return k.notes.of(who)
}

func TestNode_sockets(t *testing.T) {
	t.Run("autoselect-protocol", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			if k.name != "server" {
				return
			}
			k.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("HTTP/2 Response") })
			l := mem.Listen()
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					head := make([]byte, 3)
					io.ReadFull(conn, head)
					if string(head) == "PRI" {
						if _, err := k.ServeConn(conn, head); err != nil {
							t.Error(err)
						}
						continue
					}
					// Somebody else's HTTP/1.
					http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(head), conn)))
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\nHTTP/1 Response")
					conn.Close()
				}
			}()
			client, err := events.Connect(k.t.Context(), "http://localhost", events.ConnectOptions{
				CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
			})
			if err != nil {
				t.Fatal(err)
			}
			st, err := client.Request(k.t.Context(), events.H())
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(st.Blocking()); string(body) != "HTTP/2 Response" || err != nil {
				t.Errorf("%q, %v", body, err)
			}
			old, err := l.Dial(k.t.Context())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(old, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if answer, err := io.ReadAll(old); !strings.HasSuffix(string(answer), "HTTP/1 Response") || err != nil {
				t.Errorf("%q, %v", answer, err)
			}
			client.Close()
			client.Wait()
			l.Close()
		})
	})
	// inMemory makes a session over two ends of a pipe and makes a request.
	inMemory := func(t *testing.T, authority string, check func(k *kind, st *events.ServerStream, h events.Headers)) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			if k.name != "server" {
				return
			}
			near, far := mem.Pipe()
			k.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) { check(k, st, h) })
			if _, err := k.ServeConn(far); err != nil {
				t.Fatal(err)
			}
			var made atomic.Int32
			client, err := events.Connect(k.t.Context(), authority, events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) {
					made.Add(1)
					return near, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			st, err := client.Request(k.t.Context(), events.H(":path", "/"))
			if err != nil {
				t.Fatal(err)
			}
			client.Do(func() {
				st.OnResponse(func(h events.Headers, _ events.Flags) {
					k.note("response %d %s", h.Status(), h.Get("content-type"))
				})
				st.OnData(func(p []byte) { k.note("data %s", p) })
				st.OnEnd(func() { k.note("end") })
			})
			k.happened("response 200 text/html", "data <h1>Hello World</h1>", "end")
			if n := made.Load(); n != 1 {
				t.Errorf("the connection was made %d times", n)
			}
			client.Close()
			client.Wait()
		})
	}
	hello := func(st *events.ServerStream) {
		st.Respond(events.H("content-type", "text/html", ":status", "200"))
		st.EndString("<h1>Hello World</h1>")
	}
	t.Run("generic-streams", func(t *testing.T) {
		inMemory(t, "http://localhost:80", func(_ *kind, st *events.ServerStream, h events.Headers) { hello(st) })
	})
	t.Run("backpressure.2", func(t *testing.T) {
		// There is no such host, and nobody looks it up.
		inMemory(t, "http://nowhere.invalid:8000", func(k *kind, st *events.ServerStream, h events.Headers) {
			if h.Authority() != "nowhere.invalid:8000" || h.Scheme() != "http" {
				t.Errorf("%s://%s", h.Scheme(), h.Authority())
			}
			hello(st)
		})
	})
	t.Run("pipe-named-pipe", func(t *testing.T) {
		ran(t)
		name := filepath.Join(t.TempDir(), "socket")
		l, err := net.Listen("unix", name)
		if err != nil {
			t.Skip(err)
		}
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte("0123456789abc"), 139837/13+1)[:139837]
		stored := filepath.Join(t.TempDir(), "stored")
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			f, err := os.Create(stored)
			if err != nil {
				t.Error(err)
				return
			}
			st.OnData(func(p []byte) { f.Write(p) })
			st.OnEnd(func() {
				f.Close()
				st.Respond(events.Headers{})
				st.End(nil)
			})
		})
		go srv.Serve(l)
		client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
			CreateConnection: func(context.Context) (net.Conn, error) { return net.Dial("unix", name) },
		})
		if err != nil {
			t.Fatal(err)
		}
		st, err := client.Request(t.Context(), events.H(":method", "POST"))
		if err != nil {
			t.Fatal(err)
		}
		d := st.Blocking()
		if n, err := io.Copy(d, bytes.NewReader(want)); n != int64(len(want)) || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
		d.CloseWrite()
		if h, err := d.Response(); err != nil || h.Status() != 200 {
			t.Errorf("%v, %v", h, err)
		}
		if got, err := os.ReadFile(stored); !bytes.Equal(got, want) || err != nil {
			t.Errorf("stored %d bytes, %v", len(got), err)
		}
		d.Close()
		client.Close()
		client.Wait()
		srv.Close()
		srv.Wait()
	})
	t.Run("client-jsstream-destroy", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			if k.name != "secureServer" {
				return
			}
			var under *tls.Conn
			client, err := events.Connect(context.Background(), "https://localhost", events.ConnectOptions{
				CreateConnection: func(ctx context.Context) (net.Conn, error) {
					under = k.dial("h2").(*tls.Conn)
					return &duplex{under}, under.HandshakeContext(ctx)
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			k.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { go under.Close() })
			st, err := client.Request(k.t.Context(), events.H())
			if err != nil {
				t.Fatal(err)
			}
			closed := make(chan bool)
			st.OnClose(func() { close(closed) })
			<-closed
			client.Close()
			client.Wait()
			k.Close()
			k.Wait()
		})
	})
	t.Run("client-socket-destroy", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				k.watchEnd("server", &st.Stream)
				st.Respond(events.Headers{})
				st.WriteString("some")
			})
			conn := k.dial("h2")
			client, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) { return conn, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			client.Do(func() { k.watchSession("session", &client.Session) })
			st, err := client.Request(k.t.Context(), events.H(":scheme", map[string]string{"server": "http", "secureServer": "https"}[k.name]))
			if err != nil {
				t.Fatal(err)
			}
			client.Do(func() {
				k.watchEnd("client", &st.Stream)
				st.OnResponse(func(events.Headers, events.Flags) { conn.Close() })
				st.Resume()
			})
			if got := k.of("client"); !equal(got, "end", "close 8") {
				t.Errorf("%s: the client's stream: %q", k.name, got)
			}
			if got := k.of("session"); !equal(got, "close") {
				t.Errorf("%s: the client's session: %q", k.name, got)
			}
			// A GET has ended at once.
			if got := k.of("server"); !equal(got, "end", "aborted", "close 8") {
				t.Errorf("%s: the server's stream: %q", k.name, got)
			}
		})
	})
	destroy := func(t *testing.T, check func(k *kind)) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			var raw net.Conn
			k.OnConnection(func(c net.Conn) { raw = c })
			k.OnClose(func() { k.note("closed") })
			k.OnSession(func(ss *events.ServerSession) {
				k.watchSession("session", &ss.Session)
				ss.OnClose(func() { k.Close() })
			})
			k.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				k.watchEnd("server", &st.Stream)
				st.Respond(events.Headers{})
				st.WriteString("test")
				st.Session().Do(func() { raw.Close() })
			})
			c := k.connect()
			k.watchSession("peer", &c.Session)
			st, err := c.Request(k.t.Context(), events.H(":method", "POST"))
			if err != nil {
				t.Fatal(err)
			}
			c.Do(func() {
				k.watchEnd("client", &st.Stream)
				st.Resume()
			})
			synctest.Wait()
			check(k)
			if !slices.Contains(k.log, "closed") {
				t.Errorf("%s: the server is open: %q", k.name, k.log)
			}
			c.Wait()
		})
	}
	t.Run("server-socket-destroy.1", func(t *testing.T) {
		destroy(t, func(k *kind) {
			if got := k.of("server"); !equal(got, "aborted", "close 8") {
				t.Errorf("%s: the stream: %q", k.name, got)
			}
			if got := k.of("session"); !equal(got, "close") {
				t.Errorf("%s: the session: %q", k.name, got)
			}
		})
	})
	t.Run("server-socket-destroy.2", func(t *testing.T) {
		destroy(t, func(k *kind) {
			got := k.of("client")
			if count(got, "aborted") != 1 || got[len(got)-1] != "close 8" || len(kept(got, "error")) > 0 {
				t.Errorf("%s: the request: %q", k.name, got)
			}
			if got := k.of("peer"); !equal(got, "close") {
				t.Errorf("%s: the session: %q", k.name, got)
			}
		})
	})
	t.Run("create-client-secure-session.4", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnClose(func() { k.note("close") })
			conn := k.dial("h2")
			client, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) { return conn, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			client.OnError(func(err error) { k.note("error %v", err) })
			synctest.Wait()
			if err := k.Close(); err != nil {
				t.Error(err)
			}
			k.happened()
			conn.Close()
			k.happened("close")
			client.Wait()
		})
	})
}

// duplex is somebody's own connection on top of another one. It hides that it
// has TLS.
type duplex struct{ net.Conn }
