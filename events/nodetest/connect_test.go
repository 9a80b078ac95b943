package nodetest

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// proxy serves CONNECT and nothing else, to the targets it knows.
func proxy(t *testing.T, targets ...string) (url string) {
	t.Helper()
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Logger: silent}})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		switch {
		case h.Method() != "CONNECT":
			st.Close(events.RefusedStream)
			return
		case !slices.Contains(targets, h.Authority()):
			st.Respond(events.Status(403), events.RespondOptions{EndStream: true})
			return
		}
		st.OnError(func(error) {})
		tunnel := st.Blocking()
		go func() { // dialling takes time
			up, err := net.Dial("tcp", h.Authority())
			if err != nil {
				st.Close(events.ConnectError)
				return
			}
			st.Respond(events.Headers{})
			go func() {
				io.Copy(up, tunnel)
				up.(*net.TCPConn).CloseWrite()
			}()
			if _, err := io.Copy(tunnel, up); err == nil {
				tunnel.CloseWrite()
			}
			io.Copy(io.Discard, tunnel)
			tunnel.Close()
			up.Close()
		}()
	})
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.DestroyAll()
		srv.Wait()
	})
	return "http://" + addr.String()
}

// echo is a target: it answers what it has read once that has ended.
func echo(t *testing.T) (authority string, closed <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	done := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		b, err := io.ReadAll(c)
		c.Write(b)
		c.Close()
		done <- err
	}()
	return l.Addr().String(), done
}

// throughProxy makes a request of a proxy, with listeners that miss nothing.
func throughProxy(t *testing.T, url string, h events.Headers, with ...func(*events.ClientStream)) *events.ClientStream {
	t.Helper()
	cs, err := events.Connect(context.Background(), url, events.ConnectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cs.Destroy(nil, events.NoError)
		cs.Wait()
	})
	made := make(chan *events.ClientStream, 1)
	cs.Do(func() {
		st, err := cs.Request(context.Background(), h)
		if err != nil {
			t.Errorf("Request: %v", err)
		} else {
			for _, f := range with {
				f(st)
			}
		}
		made <- st
	})
	st := <-made
	if st == nil {
		t.FailNow()
	}
	return st
}

func connectTo(authority string) events.Headers {
	return events.H(":method", "CONNECT", ":authority", authority)
}

func TestNode_connectMethod(t *testing.T) {
	t.Run("connect-method.2", func(t *testing.T) {
		ran(t)
		target, closed := echo(t)
		end := make(chan string, 1)
		throughProxy(t, proxy(t, target), connectTo(target), func(st *events.ClientStream) {
			var body strings.Builder
			st.OnData(func(p []byte) { body.Write(p) })
			st.OnEnd(func() { end <- body.String() })
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				wantEq(t, "the status", h.Status(), 200)
				if !st.Writable() {
					t.Error("the request was ended")
				}
				wantNil(t, "End", st.EndString("hello"))
			})
		})
		wantEq(t, "what came back", <-end, "hello")
		wantNil(t, "the target's connection", <-closed)
		covers(t, "rule.connect-method.proxy")
	})
	t.Run("as a connection", func(t *testing.T) {
		target, closed := echo(t)
		var conn net.Conn = throughProxy(t, proxy(t, target), connectTo(target)).Blocking()
		if _, err := io.WriteString(conn, "hello"); err != nil {
			t.Error(err)
		}
		conn.SetReadDeadline(time.Unix(1, 0))
		if _, err := conn.Read(make([]byte, 1)); err == nil || !err.(net.Error).Timeout() {
			t.Errorf("after the deadline: %v", err)
		}
		conn.SetReadDeadline(time.Time{})
		conn.(interface{ CloseWrite() error }).CloseWrite()
		if b, err := io.ReadAll(conn); string(b) != "hello" || err != nil {
			t.Errorf("what came back: %q, %v", b, err)
		}
		conn.Close()
		wantNil(t, "the target's connection", <-closed)
	})
	// code is what a stream ends with.
	code := func(t *testing.T, url string, h events.Headers) core.ErrCode {
		codes := make(chan core.ErrCode, 1)
		throughProxy(t, url, h, func(st *events.ClientStream) {
			st.OnError(func(error) {})
			st.OnClose(func() {
				code, _ := st.RSTCode()
				codes <- code
			})
		})
		return <-codes
	}
	t.Run("what a proxy refuses", func(t *testing.T) {
		wantEq(t, "the code of a GET", code(t, proxy(t), events.Headers{}), events.RefusedStream)
		covers(t, "rule.connect-method.refuse-others")
		st := throughProxy(t, proxy(t), connectTo("127.0.0.1:1"))
		if h, err := st.Blocking().Response(); h.Status() != 403 || err != nil {
			t.Errorf("a target that is not known: %d, %v", h.Status(), err)
		}
	})
	t.Run("a target that is not there", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		// The port of a connection: nobody listens on it, and nobody gets it.
		busy, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer busy.Close()
		target := busy.LocalAddr().String()
		wantEq(t, "the code", code(t, proxy(t, target), connectTo(target)), events.ConnectError)
		covers(t, "rule.connect-method.dial-failure")
	})
}

func TestNode_extendedConnect(t *testing.T) {
	extended := events.H(":method", "CONNECT", ":protocol", "foo")
	enabled := events.ServerOptions{SessionOptions: events.SessionOptions{Settings: events.Settings{EnableConnectProtocol: events.Set(true)}}}
	t.Run("connect-method-extended", func(t *testing.T) {
		w := newWorld(t, setup{server: enabled})
		var got events.Headers
		w.serve(func(st *events.ServerStream, h events.Headers) {
			got = h
			st.Respond(events.Headers{})
			st.OnData(func(p []byte) { st.Write(p) })
			st.OnEnd(func() { st.End(nil) })
		})
		w.client.OnRemoteSettings(func(s events.Settings) {
			wantEq(t, "EnableConnectProtocol", s.EnableConnectProtocol.Or(false), true)
			covers(t, "rule.extended-connect.enable")
			st, err := w.client.Request(context.Background(), extended)
			wantNil(t, "Request", err)
			w.watchClient("client", st)
			st.OnResponse(func(events.Headers, events.Flags) { st.EndString("through the tunnel") })
		})
		w.settle()
		for name, want := range map[string]string{":method": "CONNECT", ":protocol": "foo", ":scheme": "http", ":authority": "localhost:8080", ":path": "/"} {
			wantEq(t, name, got.Get(name), want)
		}
		wantEq(t, "the number of fields", got.Len(), 5)
		w.sawAll("client response 200 flags=4", "client data through the tunnel", "client end", "client close 0")
		covers(t, "rule.extended-connect.protocol-header")
	})
	t.Run("before the settings", func(t *testing.T) {
		w := newWorld(t, setup{server: enabled})
		w.serve(func(*events.ServerStream, events.Headers) {})
		var failure error
		ask := func() *events.ClientStream {
			return w.request(extended, events.RequestOptions{}, func(st *events.ClientStream) {
				st.OnError(func(err error) { failure = err })
			})
		}
		early := ask()
		w.link.Run(func() bool { return failure != nil })
		if !errors.Is(failure, core.ErrConnectProtocol) || early.ID() != 0 {
			t.Errorf("stream %d failed with %v", early.ID(), failure)
		}
		wantEq(t, "the error", errText(failure), errProtocolText)
		w.settle()
		if late := ask(); late.ID() == 0 {
			t.Error("nor can it be sent after the settings")
		}
		w.settle()
		covers(t, "rule.extended-connect.client-waits")
	})
	t.Run("a server that does not want it", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(*events.ServerStream, events.Headers) { w.note("stream") })
		w.settle()
		w.request(extended, events.RequestOptions{})
		w.settle()
		w.sawNone("stream")
		w.sawAll("client aborted", "client error "+errProtocolText, "client close 1")
		wantEq(t, "the settings", w.client.RemoteSettings().EnableConnectProtocol.Or(false), false)
	})
	// The Compatibility API has it as any other CONNECT.
	t.Run("by requests", func(t *testing.T) {
		w := newWorld(t, setup{server: enabled})
		w.handle(func(*events.Request, *events.Response) { t.Error("request was emitted") })
		w.srv.OnConnect(func(req *events.Request, res *events.Response) {
			wantEq(t, ":protocol", req.Headers().Get(":protocol"), "foo")
			wantEq(t, "URL", req.URL(), "/")
			res.WriteHead(200)
			req.OnData(func(p []byte) { res.Write(p) })
			req.OnEnd(func() { res.End(nil) })
		})
		w.settle()
		w.request(extended, events.RequestOptions{}, func(st *events.ClientStream) { st.EndString("hello") })
		w.settle()
		w.sawAll("client response 200 flags=4", "client data hello", "client end", "client close 0")
	})
}

// Both roles on real time: the stream is a connection for whoever speaks foo.
func TestExtendedConnectBlocking(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
		Settings: events.Settings{EnableConnectProtocol: events.Set(true)}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.Respond(events.Headers{})
		conn := st.Blocking()
		go func() {
			io.WriteString(conn, h.Get(":protocol")+": ")
			io.Copy(conn, conn)
			conn.CloseWrite()
			conn.Close()
		}()
	})
	near, far := mem.Pipe()
	if _, err := srv.ServeConn(far); err != nil {
		t.Fatal(err)
	}
	allowed := make(chan struct{})
	cs, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
		Setup: func(cs *events.ClientSession) {
			cs.OnRemoteSettings(func(events.Settings) { close(allowed) })
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	<-allowed
	st, err := cs.Request(t.Context(), events.H(":method", "CONNECT", ":protocol", "foo", ":path", "/chat"))
	if err != nil {
		t.Fatal(err)
	}
	conn := st.Blocking()
	io.WriteString(conn, "hello")
	conn.CloseWrite()
	if b, err := io.ReadAll(conn); string(b) != "foo: hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	conn.Close()
	cs.Close()
	cs.Wait()
	shutdown(t, srv)
}
