package nodetest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// kind is one of the two kinds of servers, with a listener in memory.
type kind struct {
	*events.Server
	notes
	t      *testing.T
	name   string // of the rows: server, secureServer
	closer io.Closer
	l      *mem.Listener
	served chan error
}

// bothServers runs f with a server of each kind within a bubble of package
// synctest, and ends the server after it.
func bothServers(t *testing.T, opts events.ServerOptions, f func(k *kind)) {
	t.Helper()
	ran(t)
	opts.Logger = silent
	for _, name := range []string{"server", "secureServer"} {
		synctest.Test(t, func(t *testing.T) {
			k := &kind{t: t, name: name, l: mem.Listen(), served: make(chan error, 1)}
			if name == "server" {
				srv, err := events.CreateServer(opts)
				if err != nil {
					t.Fatal(err)
				}
				k.Server, k.closer = srv, srv
			} else {
				srv, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: opts, TLS: testTLS(t)})
				if err != nil {
					t.Fatal(err)
				}
				k.Server, k.closer = &srv.Server, srv
			}
			go func() { k.served <- k.Serve(k.l) }()
			f(k)
			k.DestroyAll()
			k.Wait()
			k.l.Close()
			synctest.Wait()
		})
	}
}

// shows says which row is shown, of whichever kind of server.
func (k *kind) shows(row string) {
	k.t.Helper()
	if !k.t.Failed() {
		covers(k.t, k.name+"."+row)
	}
}

// happened waits until nothing moves, and compares what was noted since the
// last call.
func (k *kind) happened(want ...string) {
	k.t.Helper()
	synctest.Wait()
	if got := k.forget(); !slices.Equal(got, want) {
		k.t.Errorf("%s: happened:\n\t%s\nwant:\n\t%s", k.name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// numbers returns a function that numbers sessions in the order it is asked for
// them.
func numbers() func(ss *events.ServerSession) int {
	var mu sync.Mutex
	known := make(map[*events.ServerSession]int)
	return func(ss *events.ServerSession) int {
		mu.Lock()
		defer mu.Unlock()
		if known[ss] == 0 {
			known[ss] = len(known) + 1
		}
		return known[ss]
	}
}

// saw waits until nothing moves, and reports whether exactly this was noted.
func (k *kind) saw(line string) bool {
	synctest.Wait()
	return k.notes.saw(line)
}

// dial makes a connection in memory, with TLS to a secure server, that offers
// the protocols.
func (k *kind) dial(protocols ...string) net.Conn {
	k.t.Helper()
	conn, err := k.l.Dial(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	if k.name == "server" {
		return conn
	}
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
}

// connect returns a client that is connected.
func (k *kind) connect() *events.ClientSession {
	k.t.Helper()
	scheme := map[string]string{"server": "http", "secureServer": "https"}[k.name]
	client, err := events.Connect(context.Background(), scheme+"://localhost", events.ConnectOptions{
		SessionOptions:   events.SessionOptions{Logger: silent},
		CreateConnection: func(context.Context) (net.Conn, error) { return k.dial("h2"), nil },
	})
	if err != nil {
		k.t.Fatal(err)
	}
	if err := client.Ready(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
	synctest.Wait()
	return client
}

// get makes a request and notes what becomes of it.
func (k *kind) get(c *events.ClientSession) *events.ClientStream {
	k.t.Helper()
	st, err := c.Request(k.t.Context(), events.H())
	if err != nil {
		k.t.Fatal(err)
	}
	c.Do(func() { // all of them before anything of it is told
		st.OnResponse(func(h events.Headers, _ events.Flags) { k.note("response %d", h.Status()) })
		st.OnError(func(err error) { k.note("request error %s", errText(err)) })
		st.Resume()
	})
	synctest.Wait()
	return st
}

func TestServerEvents(t *testing.T) {
	t.Run("connection, session, stream", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			var raw net.Conn
			k.OnConnection(func(c net.Conn) {
				raw = c
				_, secured := c.(*tls.Conn)
				k.note("connection %s, encrypted: %v", c.RemoteAddr(), secured)
			})
			var session *events.ServerSession
			k.OnSession(func(ss *events.ServerSession) {
				session = ss
				encrypted, _ := ss.Encrypted()
				k.note("session, encrypted: %v", encrypted)
			})
			conn := k.dial("h2")
			synctest.Wait()
			encrypted := k.name == "secureServer"
			if encrypted { // the handshake is to come
				k.happened("connection a, encrypted: false")
				if err := conn.(*tls.Conn).Handshake(); err != nil {
					t.Fatal(err)
				}
				k.happened("session, encrypted: true")
			} else {
				k.happened("connection a, encrypted: false", "session, encrypted: false")
			}
			if raw == nil {
				t.Fatal("no connection")
			}
			k.shows("event.connection")
			if session == nil || session.Type() != events.SessionTypeServer {
				t.Fatal("no session")
			}
			k.shows("event.session")
			session.Destroy(nil, core.NoError)
			conn.Close()

			k.OnStream(func(st *events.ServerStream, h events.Headers, f events.Flags) {
				k.note("stream %d of %s %s, flags %d", st.ID(), h.Method(), h.Path(), f)
				if st.Session() != session {
					t.Error("another session's stream")
				}
				st.EndString("ok")
			})
			k.forget()
			for range 2 { // the streams of every session
				c := k.connect()
				k.get(c)
				k.happened("connection a, encrypted: false", fmt.Sprintf("session, encrypted: %v", encrypted),
					"stream 1 of GET /, flags 5", "response 200")
				c.Close()
				c.Wait()
			}
			k.shows("event.stream")
		})
	})
	t.Run("sessionError", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			var session *events.ServerSession
			k.OnSession(func(ss *events.ServerSession) { session = ss })
			k.OnSessionError(func(err error, ss *events.ServerSession) {
				k.note("sessionError %s, of the session: %v", errText(err), ss == session)
			})
			k.OnError(func(err error) { k.note("error %v", err) })
			c := k.connect()
			session.Destroy(errors.New("on purpose"), core.NoError)
			k.happened("sessionError on purpose, of the session: true")
			c.Wait()
			k.shows("event.sessionError")
		})
	})
	t.Run("timeout", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			if k.Timeout() != 0 {
				t.Errorf("%s: the timeout is %v at first", k.name, k.Timeout())
			}
			number := numbers()
			k.OnSession(func(ss *events.ServerSession) { number(ss) })
			k.OnTimeout(func(ss *events.ServerSession) { k.note("timeout of %d", number(ss)) })
			old := k.connect()
			if err := k.SetTimeout(time.Minute, func(ss *events.ServerSession) { k.note("called for %d", number(ss)) }); err != nil {
				t.Error(err)
			}
			if k.Timeout() != time.Minute {
				t.Errorf("%s: the timeout is %v", k.name, k.Timeout())
			}
			k.shows("prop.timeout")
			young := k.connect()
			<-time.After(59 * time.Second)
			k.happened()
			<-time.After(time.Hour)
			if !k.saw("timeout of 2") {
				t.Errorf("%s: no timeout of the second session", k.name)
			}
			k.shows("event.timeout")
			if !k.saw("called for 2") {
				t.Errorf("%s: the function given was not called", k.name)
			}
			k.shows("method.setTimeout")
			// The first was there before, and the second is once silent.
			k.happened("timeout of 2", "called for 2")
			covers(t, "rule.server.timeout-new-connections-only")
			fails(t, "SetTimeout", k.SetTimeout(-time.Second, nil), events.ErrOutOfRange,
				`ERR_OUT_OF_RANGE: The value of "msecs" is out of range. It must be >= 0. Received -1000`)
			k.SetTimeout(0, nil)
			silent := k.connect()
			<-time.After(time.Hour)
			k.happened()
			covers(t, "rule.server.timeout-zero-disables")
			for _, c := range []*events.ClientSession{old, young, silent} {
				if c.Destroyed() {
					t.Errorf("%s: a session is over", k.name)
				}
				c.Destroy(nil, core.NoError)
				c.Wait()
			}
		})
		// Nobody has set one: nothing comes for hours, on a secure server, too.
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnTimeout(func(*events.ServerSession) { k.note("timeout") })
			c := k.connect()
			<-time.After(12 * time.Hour)
			k.happened()
			if k.Timeout() != 0 || c.Destroyed() {
				t.Errorf("%s: after hours: %v, %v", k.name, k.Timeout(), c.Err())
			}
			c.Destroy(nil, core.NoError)
			c.Wait()
			covers(t, "rule.server.default-timeout")
		})
	})
	t.Run("error", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			why := errors.New("no more sockets")
			k.OnError(func(err error) { k.note("error %v, as it was: %v", err, err == why) })
			if err := k.Serve(deafListener{mem.Listen(), why}); err != why {
				t.Errorf("%s: Serve: %v", k.name, err)
			}
			k.happened("error no more sockets, as it was: true")
			k.shows("event.error")
			// The other listener serves on.
			k.connect().Destroy(nil, core.NoError)
		})
	})
}

// deafListener is a listener that accepts nothing.
type deafListener struct {
	net.Listener
	why error
}

func (b deafListener) Accept() (net.Conn, error) { return nil, b.why }

func TestServerClose(t *testing.T) {
	bothServers(t, events.ServerOptions{}, func(k *kind) {
		k.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("ok") })
		k.OnClose(func() { k.note("close") })
		first, second := k.connect(), k.connect()
		if err := k.Close(); err != nil {
			t.Errorf("%s: Close: %v", k.name, err)
		}
		k.happened()
		if err := <-k.served; !errors.Is(err, events.ErrServerClosed) {
			t.Errorf("%s: Serve: %v", k.name, err)
		}
		if _, err := k.l.Dial(k.t.Context()); err == nil {
			t.Errorf("%s: it still accepts", k.name)
		}
		k.shows("method.close")
		<-time.After(time.Hour)
		k.get(first) // the sessions go on
		k.happened("response 200")
		covers(t, "rule.server.close-keeps-sessions")
		first.Close()
		first.Wait()
		k.happened()
		k.get(second)
		k.happened("response 200")
		second.Close()
		second.Wait()
		k.happened("close")
		covers(t, "rule.server.close-callback-waits")
		if err := k.Close(); !errors.Is(err, events.ErrServerClosed) || errText(err) != "ERR_SERVER_NOT_RUNNING: Server is not running." {
			t.Errorf("%s: Close again: %v", k.name, err)
		}
	})
	bothServers(t, events.ServerOptions{}, func(k *kind) {
		k.OnClose(func() { k.note("close") })
		if err := k.closer.Close(); err != nil {
			t.Error(err)
		}
		k.Wait()
		k.happened("close")
		covers(t, "server.method.asyncDispose")
	})
}

// Listening on real sockets.
func TestServerListen(t *testing.T) {
	ran(t)
	plain, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := testTLS(t)
	secure, err := events.CreateSecureServer(events.SecureServerOptions{TLS: cfg})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*kind{{t: t, name: "server", Server: plain}, {t: t, name: "secureServer", Server: &secure.Server}} {
		k.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) { st.EndString("on " + h.Authority()) })
		at, err := k.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		also, err := k.Listen("127.0.0.1:0") // as well
		if err != nil {
			t.Fatal(err)
		}
		for _, addr := range []string{at.String(), also.String()} {
			url, opts := "http://"+addr, events.ConnectOptions{}
			if k.name == "secureServer" {
				url, opts.TLS = "https://"+addr, trusting(cfg)
			}
			client, err := events.Connect(t.Context(), url, opts)
			if err != nil {
				t.Fatal(err)
			}
			st, err := client.Request(t.Context(), events.H())
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(st.Blocking()); string(body) != "on "+addr || err != nil {
				t.Errorf("%s: %q, %v", k.name, body, err)
			}
			client.Close()
			client.Wait()
		}
		_, err = k.Listen(at.String())
		var busy *net.OpError
		if !errors.As(err, &busy) {
			t.Errorf("%s: an address that is taken: %v", k.name, err)
		}
		k.Close()
		k.Wait()
		if conn, err := net.Dial("tcp", at.String()); err == nil {
			conn.Close()
			t.Errorf("%s: it still accepts", k.name)
		}
		k.shows("method.listen")
	}
}
