package nodetest

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/events"
)

func TestNode_compatSocket(t *testing.T) {
	t.Run("compat-socket.1", func(t *testing.T) {
		exchange(t, func(w *world, req *events.Request, res *events.Response) {
			k := req.Socket()
			wantEq(t, "BytesRead", k.BytesRead(), w.server.Socket().BytesRead())
			wantEq(t, "Destroyed", k.Destroyed(), false)
			covers(t, "request.prop.socket")
			wantEq(t, "the response's socket", res.Socket(), k)
			covers(t, "response.prop.socket")
			wantEq(t, "the request's connection", req.Connection(), k)
			covers(t, "request.prop.connection")
			wantEq(t, "the response's connection", res.Connection(), k)
			covers(t, "response.prop.connection")
			_, read := k.Read(nil)
			_, write := k.Write(nil)
			for what, err := range map[string]error{"read": read, "write": write, "pause": k.Pause(), "resume": k.Resume()} {
				fails(t, what, err, events.ErrNoSocketManipulation,
					"ERR_HTTP2_NO_SOCKET_MANIPULATION: HTTP/2 sockets should not be directly manipulated (e.g. read and written)")
			}
			covers(t, "rule.compat-socket.blocked")
			res.End(nil)
		})
	})
	t.Run("compat-socket.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			k := req.Socket()
			wantEq(t, "Readable", k.Readable(), true)
			wantEq(t, "Writable", k.Writable(), true)
			wantEq(t, "Destroyed", k.Destroyed(), false)
			wantEq(t, "Connecting", k.Connecting(), false)
			w.server.OnTimeout(func() {
				w.note("session timeout after %v", w.link.Elapsed())
				k.SetTimeout(0, nil)
				w.later(func() { res.End(nil) })
			})
			wantNil(t, "SetTimeout", k.SetTimeout(987*time.Millisecond, nil))
		})
		w.get()
		w.link.RunFor(10 * time.Second)
		if got := w.of("session timeout after"); len(got) != 1 {
			t.Errorf("timeouts after %q", got)
		}
		covers(t, "rule.compat-socket.setTimeout")
		w.sawAll("client end")

		// The rest of it needs a connection.
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		seen := make(chan [2]net.Addr, 1)
		srv.OnRequest(func(req *events.Request, res *events.Response) {
			seen <- [2]net.Addr{req.Socket().LocalAddr(), req.Socket().RemoteAddr()}
			res.End(nil)
		})
		addr, err := srv.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		client, err := events.Connect(t.Context(), "http://"+addr.String(), events.ConnectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		client.Request(t.Context(), events.H(":path", "/"))
		got := <-seen
		wantEq(t, "LocalAddr", got[0].String(), addr.String())
		wantEq(t, "RemoteAddr", got[1].String(), client.LocalAddr().String())
		covers(t, "rule.compat-socket.passthrough")
		client.Close()
		shutdown(t, srv)
	})
	t.Run("compat-socket.3", func(t *testing.T) {
		w := exchange(t, func(w *world, req *events.Request, res *events.Response) {
			req.Socket().OnClose(func() { w.note("socket close") })
			req.Socket().OnClose(func() { w.note("socket close once") }).Once()
			res.End(nil)
		})
		w.sawAll("socket close", "socket close once")
		if w.server.Destroyed() {
			t.Error("the connection has ended")
		}
	})
	t.Run("compat-socket.4", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			req.Resume()
			req.OnEnd(func() { res.Socket().Destroy(nil) })
			res.OnFinish(func() {
				k := req.Socket()
				wantEq(t, "Destroyed", k.Destroyed(), true)
				wantEq(t, "Readable", k.Readable(), false)
				w.later(func() { wantEq(t, "Writable", k.Writable(), false) })
				covers(t, "rule.compat-socket.stream-props")
				if res.Socket() != nil || res.Connection() != nil {
					t.Error("the response still has a socket")
				}
				w.note("finished")
			})
		})
		w.get()
		w.settle()
		w.sawAll("finished", "client end")
		if w.server.Destroyed() {
			t.Error("the connection has ended")
		}

		// Its methods and events are the stream's.
		oh := errors.New("oh")
		w = newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			k := req.Socket()
			k.OnEnd(func() { w.note("socket end") })
			k.OnFinish(func() { w.note("socket finish") })
			k.OnError(func(err error) { w.note("socket error %v", err) })
			k.OnClose(func() { w.note("socket close") })
			req.Resume()
			if req.URL() == "/destroy" {
				k.Destroy(oh)
				return
			}
			wantNil(t, "End", k.End([]byte("by the socket")))
		})
		w.get()
		w.settle()
		same(t, "after End the socket saw", w.of("socket"), []string{"end", "finish", "close"})
		w.sawAll("client data by the socket", "client close 0")
		w.log = nil
		w.request(events.H(":path", "/destroy"), events.RequestOptions{})
		w.settle()
		same(t, "after Destroy the socket saw", w.of("socket"), []string{"error oh", "close"})
		w.sawAll("client close 2")
		covers(t, "rule.compat-socket.stream-methods")
		if w.server.Destroyed() {
			t.Error("the connection has ended")
		}
	})
	t.Run("compat-socket-destroy-delayed", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			wantEq(t, "Method", req.Method(), "get")
			k := req.Socket()
			res.EndString("hello")
			w.later(func() { k.Destroy(nil) })
		})
		w.request(events.H(":method", "get"), events.RequestOptions{}, func(st *events.ClientStream) { st.End(nil) })
		w.settle()
		w.sawAll("client response 200 flags=4", "client data hello", "client end")
	})
	t.Run("byteswritten-server", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			res.Socket().OnFinish(func() { w.note("finish of the socket") })
			req.OnClose(func() {
				w.link.After(time.Second, func() { w.note("written %t", req.Socket().BytesWritten() > 1024) })
			})
			res.EndString(strings.Repeat("a", 1024))
		})
		w.get()
		w.link.RunFor(2 * time.Second)
		w.sawAll("finish of the socket", "written true")
		if got := w.of("client data"); !slices.Equal(got, []string{"1024 bytes"}) {
			t.Errorf("the client got %q", got)
		}
	})
	t.Run("compat-serverresponse-finished", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			if res.Socket() == nil || res.Socket() != res.Connection() {
				t.Error("no socket")
			}
			wantEq(t, "Finished", res.Finished(), false)
			wantEq(t, "WritableEnded", res.WritableEnded(), false)
			res.OnFinish(func() {
				if res.Socket() != nil || res.Connection() != nil {
					t.Error("the response still has a socket")
				}
				w.later(func() {
					_, ok := res.Stream()
					wantEq(t, "there is a stream", ok, true)
				})
				w.note("finished")
			})
			res.End(nil)
			wantEq(t, "Finished", res.Finished(), true)
			wantEq(t, "WritableEnded", res.WritableEnded(), true)
		})
		w.sawAll("finished")
	})
	t.Run("compat-serverrequest-end", func(t *testing.T) {
		w := exchange(t, func(w *world, req *events.Request, res *events.Response) {
			wantEq(t, "Complete", req.Complete(), false)
			req.OnData(func([]byte) { t.Error("data") })
			req.OnEnd(func() {
				wantEq(t, "Complete", req.Complete(), true)
				res.OnFinish(func() {
					st, _ := req.Stream()
					wantEq(t, "Readable", req.Socket().Readable(), false)
					wantEq(t, "the stream's Readable", st.Readable(), false)
					w.note("finished")
				})
				wantNil(t, "End", res.End(nil))
			})
		})
		w.sawAll("req end", "finished")
	})
	t.Run("secure", func(t *testing.T) {
		srv, err := events.CreateSecureServer(events.SecureServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 2)
		srv.OnRequest(func(req *events.Request, res *events.Response) {
			state, ok := req.Socket().ConnectionState()
			if st, h2 := req.Stream(); !h2 || req.HTTPVersion() != "2.0" || st.Session().ALPNProtocol() != state.NegotiatedProtocol {
				t.Errorf("HTTP/%s by a stream: %v; TLS says %q", req.HTTPVersion(), h2, state.NegotiatedProtocol)
			}
			covers(t, "rule.compat.detect-protocol")
			got <- map[bool]string{true: "TLS with " + state.NegotiatedProtocol}[ok]
			res.End(nil)
		})
		srv.OnCheckContinue(func(_ *events.Request, res *events.Response) {
			got <- "checkContinue"
			res.WriteContinue()
			res.End(nil)
		})
		addr, err := srv.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		client, err := events.Connect(t.Context(), "https://"+addr.String(), events.ConnectOptions{
			TLS: &tls.Config{InsecureSkipVerify: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		client.Request(t.Context(), events.H(":path", "/"))
		wantEq(t, "what the handler saw", <-got, "TLS with h2")
		covers(t, "secureServer.event.request")
		client.Request(t.Context(), expecting("100-continue"))
		wantEq(t, "the event", <-got, "checkContinue")
		covers(t, "secureServer.event.checkContinue")
		client.Close()
		shutdown(t, srv)
	})
}
