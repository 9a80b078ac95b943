package nodetest

import (
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

// The guarded view of a session's connection.
func TestNode_socketProxy(t *testing.T) {
	t.Run("socket-proxy.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.settle()
		socket := w.client.Socket()
		_, read := socket.Read(nil)
		_, write := socket.Write([]byte("x"))
		for name, err := range map[string]error{
			"Destroy": socket.Destroy(), "End": socket.End(), "Pause": socket.Pause(), "Read": read, "Resume": socket.Resume(),
			"Write": write, "SetKeepAlive": socket.SetKeepAlive(true), "SetNoDelay": socket.SetNoDelay(true), "Close": socket.Close(),
		} {
			fails(t, name, err, events.ErrNoSocketManipulation,
				"ERR_HTTP2_NO_SOCKET_MANIPULATION: HTTP/2 sockets should not be directly manipulated (e.g. read and written)")
		}
		w.settle()
		if w.client.Destroyed() || w.server.Destroyed() || len(w.fromClient.list()) != 2 {
			t.Errorf("something came of it: %q", w.fromClient.list())
		}
	})
	t.Run("socket-proxy.2", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			sessions := make(chan *events.ServerSession, 1)
			k.OnSession(func(ss *events.ServerSession) { sessions <- ss })
			c := k.connect()
			ss := <-sessions
			if at := ss.Socket().RemoteAddr(); at.String() != "a" || at.Network() != "mem" || ss.Socket().LocalAddr().String() != "b" {
				t.Errorf("%s: the addresses are %v and %v", k.name, at, ss.Socket().LocalAddr())
			}
			if ss.Socket().Destroyed() || ss.Socket().BytesRead() == 0 || ss.Socket().BytesWritten() == 0 {
				t.Errorf("%s: %d read, %d written", k.name, ss.Socket().BytesRead(), ss.Socket().BytesWritten())
			}
			ss.OnTimeout(func() { k.note("the session's timeout") })
			if err := ss.Socket().SetTimeout(987*time.Millisecond, func() { k.note("called") }); err != nil {
				t.Error(err)
			}
			<-time.After(986 * time.Millisecond)
			k.happened()
			<-time.After(time.Second)
			k.happened("the session's timeout", "called")
			ss.Socket().SetTimeout(0, nil)
			ss.Socket().Unref()
			k.Close()
			k.Wait() // not for this one
			ss.Socket().Ref()
			c.Destroy(nil, core.NoError)
			c.Wait()
		})
	})
	t.Run("socket-proxy.3", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.settle()
		w.server.OnClose(func() {
			if w.server.Socket() != nil {
				t.Error("a session that was closed has a socket")
			}
			w.note("close")
		})
		if w.server.Socket() == nil {
			t.Error("no socket")
		}
		w.server.Destroy(nil, core.NoError)
		w.settle()
		w.happened("close")
	})
}
