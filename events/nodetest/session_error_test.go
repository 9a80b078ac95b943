package nodetest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// breakable is a connection whose reading can be made to fail.
type breakable struct {
	net.Conn
	err atomic.Pointer[error]
}

func (b *breakable) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if e := b.err.Load(); e != nil && err != nil {
		return n, *e
	}
	return n, err
}

func (b *breakable) fail(err error) {
	b.err.Store(&err)
	b.SetReadDeadline(time.Now())
}

// A failure of what carries a server's session.
func TestNode_sessionError(t *testing.T) {
	broken := errors.New("test")
	run := func(t *testing.T, listen bool, connections int) {
		ran(t)
		synctest.Test(t, func(t *testing.T) {
			srv, err := events.CreateServer(events.ServerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			log := &dialed{t: t}
			sessions := make(chan *events.ServerSession, 1)
			srv.OnSession(func(ss *events.ServerSession) {
				if listen {
					ss.OnError(func(err error) { log.note("server session error %v", errors.Is(err, broken)) })
				}
				ss.OnClose(func() { log.note("server session close") })
				sessions <- ss
			})
			srv.OnError(func(err error) { t.Errorf("the server's error: %v", err) })
			srv.OnSessionError(func(err error, ss *events.ServerSession) {
				log.note("server sessionError %v %v", errors.Is(err, broken), ss == <-sessions)
			})
			for range connections {
				near, far := mem.Pipe()
				conn := &breakable{Conn: far}
				if _, err := srv.ServeConn(conn); err != nil {
					t.Fatal(err)
				}
				client, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
					CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
					Setup:            func(s *events.ClientSession) { log.watch("client", &s.Session) },
				})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				conn.fail(broken)
				client.Wait()
				synctest.Wait()
				want := []string{"server sessionError true true", "server session close"}
				if listen {
					want = slices.Insert(want, 1, "server session error true")
				}
				var got []string
				for _, line := range log.log {
					if strings.HasPrefix(line, "server") {
						got = append(got, line)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("on the server: %q, want %q", got, want)
				}
				// The client sees a reset or what the server still said.
				got = slices.DeleteFunc(log.log, func(s string) bool {
					return strings.HasPrefix(s, "server") || strings.HasPrefix(s, "client goaway 2 ")
				})
				if len(got) != 2 || !strings.HasPrefix(got[0], "client error ERR_HTTP2_SESSION_ERROR") || got[1] != "client close" {
					t.Errorf("on the client: %q", got)
				}
				log.log = nil
			}
			srv.Close()
			srv.Wait()
		})
	}
	t.Run("server-sessionerror.1", func(t *testing.T) { run(t, true, 1) })
	t.Run("server-sessionerror.2", func(t *testing.T) { run(t, false, 2) })
}
