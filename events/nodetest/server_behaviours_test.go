package nodetest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

// plainServers is bothServers for the one without TLS.
func plainServers(t *testing.T, f func(k *kind)) {
	t.Helper()
	bothServers(t, events.ServerOptions{}, func(k *kind) {
		if k.name == "server" {
			f(k)
		}
	})
}

func TestNode_server(t *testing.T) {
	t.Run("graceful-close", func(t *testing.T) {
		// Close alone leaves sessions alone, as rule.server.close-keeps-sessions
		// has it; Shutdown ends them when they are done.
		for name, end := range map[string]func(*events.Server){
			"Close":    func(srv *events.Server) { srv.Close() },
			"Shutdown": func(srv *events.Server) { go srv.Shutdown(context.Background()) },
		} {
			bothServers(t, events.ServerOptions{}, func(k *kind) {
				k.OnClose(func() { k.note("server close") })
				k.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
					end(k.Server)
					k.watchEnd("theirs", &st.Stream)
					go func() {
						synctest.Wait() // whatever the end does at once
						st.Respond(events.Status(200))
						for range 16 {
							st.Write(make([]byte, 65536))
						}
						st.End(nil)
					}()
				})
				c := k.connect()
				k.watchSession("session", &c.Session)
				st, err := c.Request(k.t.Context(), events.H())
				if err != nil {
					t.Fatal(err)
				}
				got := 0
				closed := make(chan bool)
				c.Do(func() {
					k.watchEnd("ours", &st.Stream)
					st.OnData(func(p []byte) { got += len(p) })
					st.OnClose(func() { close(closed) })
				})
				<-closed
				if got != 16*65536 {
					t.Errorf("%s, %s: %d bytes", k.name, name, got)
				}
				for _, who := range []string{"ours", "theirs"} {
					if got := k.of(who); !equal(got, "end", "close 0") {
						t.Errorf("%s, %s: %s: %q", k.name, name, who, got)
					}
				}
				switch over := c.Destroyed(); {
				case name == "Shutdown" && (!over || !equal(k.of("session"), "close")):
					t.Errorf("%s: after Shutdown the session is open: %q", k.name, k.log)
				case name == "Close" && over:
					t.Errorf("%s: after Close the session is over", k.name)
				}
				c.Close()
				c.Wait()
				if !equal(k.of("server"), "close") {
					t.Errorf("%s, %s: %q", k.name, name, k.log)
				}
			})
		}
	})
	t.Run("head-request.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Status(200))
			if st.Writable() {
				t.Error("the answer to a HEAD can be written to")
			}
			st.End(nil)                      // does no harm
			_, err := st.WriteString("data") // the call says so, here as elsewhere
			fails(t, "WriteString", err, events.ErrWriteAfterEnd, "ERR_STREAM_WRITE_AFTER_END: write after end")
			w.note("server wrote")
		})
		w.request(events.H(":method", "HEAD"), events.RequestOptions{})
		w.settle()
		if !w.saw("server wrote") || len(w.of("server error")) > 0 {
			t.Errorf("the server's stream: %q", w.log)
		}
		if got := kept(w.log, "client response", "client data", "client end", "client error", "client close"); !equal(got,
			"client response 200 flags=5", "client end", "client close 0") {
			t.Errorf("the client's: %q", got)
		}
		if got := w.fromServer.stream(1); len(got) != 1 || !strings.HasSuffix(got[0], "END_STREAM") {
			t.Errorf("sent %q", got)
		}
	})
	t.Run("perform-server-handshake.1", func(t *testing.T) {
		ran(t)
		synctest.Test(t, func(t *testing.T) {
			near, far := mem.Pipe()
			paths := make(chan string, 9)
			ss, err := events.PerformServerHandshake(far, events.ServerOptions{
				SessionOptions: events.SessionOptions{Settings: events.Settings{InitialWindowSize: events.Set[uint32](77777)}},
			}, func(ss *events.ServerSession) {
				ss.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
					paths <- h.Path()
					st.Respond(events.Status(200))
					st.EndString("done")
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			client, err := events.Connect(t.Context(), "http://example.com", events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			st, err := client.Request(t.Context(), events.H(":path", "/test"))
			if err != nil {
				t.Fatal(err)
			}
			d := st.Blocking()
			h, err := d.Response()
			body, _ := io.ReadAll(d)
			if err != nil || h.Status() != 200 || string(body) != "done" {
				t.Errorf("%v, %q, %v", h, body, err)
			}
			if p := <-paths; p != "/test" || len(paths) > 0 {
				t.Errorf("asked for %q", p)
			}
			// The options are those of a server.
			if n := client.RemoteSettings().InitialWindowSize.Or(0); n != 77777 || ss.Type() != events.SessionTypeServer {
				t.Errorf("a window of %d, type %v", n, ss.Type())
			}
			client.Close()
			client.Wait()
			synctest.Wait()
			if !ss.Destroyed() {
				t.Error("the server's session is open")
			}
			covers(t, "http2.performServerHandshake")
		})
	})
	t.Run("perform-server-handshake.2", func(t *testing.T) {
		ran(t)
		near, far := mem.Pipe()
		ss, err := events.PerformServerHandshake(far, events.ServerOptions{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = events.PerformServerHandshake(far, events.ServerOptions{}, nil)
		fails(t, "again", err, events.ErrSocketBound,
			"ERR_HTTP2_SOCKET_BOUND: The socket is already bound to an Http2Session")
		if ss.Destroyed() {
			t.Error("that ended the session")
		}
		ss.Destroy(nil, core.NoError)
		near.Close()
	})
	t.Run("server-async-dispose", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnClose(func() { k.note("close") })
			synctest.Wait() // it listens
			if err := k.closer.Close(); err != nil {
				t.Error(err)
			}
			k.Wait()
			k.happened("close")
		})
	})
	t.Run("server-close-callback", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			sessions := make(chan *events.ServerSession, 1)
			k.OnSession(func(ss *events.ServerSession) { sessions <- ss })
			c := k.connect()
			k.OnClose(func() { k.note("close") })
			k.OnClose(func() { k.note("callback") })
			if err := k.Close(); err != nil {
				t.Error(err)
			}
			k.happened()
			(<-sessions).Close()
			k.happened("close", "callback")
			c.Wait()
		})
	})
	t.Run("server-startup.1", func(t *testing.T) {
		ran(t)
		plain, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		secure, err := events.CreateSecureServer(events.SecureServerOptions{TLS: testTLS(t)})
		if err != nil {
			t.Fatal(err)
		}
		for _, srv := range []*events.Server{plain, &secure.Server} {
			srv.OnRequest(func(*events.Request, *events.Response) {})
			srv.OnError(func(err error) { t.Errorf("error %v", err) })
			if _, err := srv.Listen("127.0.0.1:0"); err != nil {
				t.Error(err)
			}
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
			srv.Wait()
		}
	})
	t.Run("server-startup.4", func(t *testing.T) {
		// The options of the listener are those of a net.ListenConfig, and the
		// listener's connections may be ended by whoever hears of them.
		ran(t)
		listened := 0
		opts := events.ServerOptions{
			SessionOptions: events.SessionOptions{Logger: silent},
			ListenConfig: &net.ListenConfig{Control: func(network, _ string, _ syscall.RawConn) error {
				if strings.HasPrefix(network, "tcp") {
					listened++
				}
				return nil
			}},
		}
		plain, err := events.CreateServer(opts)
		if err != nil {
			t.Fatal(err)
		}
		secure, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: opts, TLS: testTLS(t)})
		if err != nil {
			t.Fatal(err)
		}
		for _, srv := range []*events.Server{plain, &secure.Server} {
			listened = 0
			srv.OnConnection(func(c net.Conn) {
				c.Close()
				srv.Close()
			})
			at, err := srv.Listen("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if listened != 1 {
				t.Errorf("Control was called %d times", listened)
			}
			conn, err := net.Dial("tcp", at.String())
			if err != nil {
				t.Fatal(err)
			}
			io.ReadAll(conn)
			conn.Close()
			srv.Wait()
		}
		covers(t, "createServer.option.net-options")
		refusal := errors.New("refused")
		opts.ListenConfig = &net.ListenConfig{Control: func(string, string, syscall.RawConn) error { return refusal }}
		srv, err := events.CreateServer(opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := srv.Listen("127.0.0.1:0"); !errors.Is(err, refusal) {
			t.Errorf("Listen: %v", err)
		}
	})
	t.Run("clean-output", func(t *testing.T) {
		if os.Getenv("WEFT_CLEAN_OUTPUT") != "" {
			startAndStop()
		}
		ran(t)
		self, err := os.Executable()
		if err != nil {
			t.Skip(err)
		}
		cmd := exec.Command(self, "-test.run=^TestNode_server$/^clean-output$")
		cmd.Env = append(os.Environ(), "WEFT_CLEAN_OUTPUT=1")
		if out, err := cmd.CombinedOutput(); len(out) > 0 || err != nil {
			t.Errorf("it prints %q, and ends with %v", out, err)
		}
	})
	t.Run("client-onconnect-errors.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(*events.ServerStream, events.Headers) {})
		if err := w.client.SetNextStreamID(1<<31 - 1); err != nil {
			t.Fatal(err)
		}
		w.client.OnError(func(err error) { t.Errorf("the session: %v", err) })
		w.settle()
		last, err := w.client.Request(t.Context(), events.H())
		if err != nil {
			t.Fatal(err)
		}
		w.get()
		w.settle()
		if last.ID() != 1<<31-1 {
			t.Errorf("the last stream is %d", last.ID())
		}
		if got := kept(w.log, "client"); !equal(got,
			"client error ERR_HTTP2_OUT_OF_STREAMS: No stream ID is available because maximum stream ID has been reached",
			"client close 2") {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("client-onconnect-errors.3", func(t *testing.T) {
		// What keeps a request from being sent is the session's error: the
		// request is cancelled with that for a cause.
		w := newWorld(t, setup{})
		r := newRaw(t, w.client, true)
		w.watchSession("session", &w.client.Session)
		r.send(r.peer.Handshake(false, core.Setting{ID: core.SettingMaxConcurrentStreams})) // nothing may be sent
		var st *events.ClientStream
		w.client.Do(func() {
			var err error
			if st, err = w.client.Request(t.Context(), events.H()); err != nil {
				t.Error(err)
				return
			}
			w.watchClient("client", st)
			st.OnError(func(err error) {
				cause := errors.Unwrap(err)
				if !errors.Is(err, events.ErrStreamCancel) || cause == nil || errText(cause) != "ERR_HTTP2_ERROR: Protocol error" {
					t.Errorf("the request: %v", err)
				}
			})
		})
		r.link.Settle()
		r.send(r.peer.Headers(0, true, coretest.Response("200")...)) // on no stream
		w.happened("session connect",
			"client error ERR_HTTP2_STREAM_CANCEL: The pending stream has been canceled", "client close 1",
			"session error ERR_HTTP2_ERROR: Protocol error", "session close")
	})
}

// startAndStop is the program of clean-output.
func startAndStop() {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		os.Exit(2)
	}
	at, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		os.Exit(3)
	}
	client, err := events.Connect(context.Background(), "http://"+at.String(), events.ConnectOptions{
		Setup: func(s *events.ClientSession) {
			s.OnConnect(func() {
				s.Close()
				srv.Close()
			})
		},
	})
	if err != nil {
		os.Exit(4)
	}
	client.Wait()
	srv.Wait()
	os.Exit(0)
}
