package nodetest

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/adapters/http1"
	"weft/events"
	"weft/transport/mem"
)

// mixed is a secure server that allows HTTP/1.1, in a bubble.
type mixed struct {
	*events.SecureServer
	t *testing.T
}

func newMixed(t *testing.T) mixed {
	t.Helper()
	opts := events.SecureServerOptions{TLS: testTLS(t)}
	opts.AllowHTTP1, opts.HTTP1 = true, http1.New()
	srv, err := events.CreateSecureServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	return mixed{srv, t}
}

// dial makes a connection that offers the protocols.
func (m mixed) dial(protocols ...string) (*tls.Conn, error) {
	near, far := mem.Pipe()
	go m.ServeConn(far)
	c := tls.Client(near, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", NextProtos: protocols})
	c.SetDeadline(time.Now().Add(time.Hour))
	return c, c.HandshakeContext(m.t.Context())
}

// get makes a request by HTTP/1.1 and returns the response with its body.
func (m mixed) get(c net.Conn, r *bufio.Reader, path string) (*http.Response, string) {
	m.t.Helper()
	io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		m.t.Error(err)
	}
	return res, string(body)
}

func (m mixed) over() {
	m.DestroyAll()
	m.Wait()
}

// overHTTP2 makes a request by HTTP/2.
func (m mixed) overHTTP2(h events.Headers) (events.Headers, string) {
	m.t.Helper()
	cs, err := events.Connect(context.Background(), "https://localhost", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return m.dial("h2") },
	})
	if err != nil {
		m.t.Fatal(err)
	}
	defer cs.Wait()
	defer cs.Destroy(nil, events.NoError)
	st, err := cs.Request(context.Background(), h)
	if err != nil {
		m.t.Fatal(err)
	}
	body, err := io.ReadAll(st.Blocking())
	if err != nil {
		m.t.Error(err)
	}
	answer, _ := st.Response()
	return answer, string(body)
}

func TestNode_allowHTTP1(t *testing.T) {
	t.Run("allow-http1.1", func(t *testing.T) {
		ran(t)
		synctest.Test(t, func(t *testing.T) {
			m := newMixed(t)
			defer m.over()
			requests := 0
			m.OnRequest(func(req *events.Request, res *events.Response) {
				requests++
				wantEq(t, "HTTPVersion", req.HTTPVersion(), "1.1")
				wantEq(t, "connection", req.Headers().Get("connection"), "keep-alive")
				wantNil(t, "WriteHead", res.WriteHead(200, events.H("Foo", "Bar")))
				wantNil(t, "End", res.End(nil))
			})
			c, err := m.dial("http/1.1")
			wantNil(t, "the handshake", err)
			defer c.Close()
			wantEq(t, "what was negotiated", c.ConnectionState().NegotiatedProtocol, "http/1.1")
			covers(t, "createSecureServer.option.allowHTTP1")
			res, _ := m.get(c, bufio.NewReader(c), "/")
			if res.StatusCode != 200 || res.Header.Get("Foo") != "Bar" || res.Close {
				t.Errorf("answered %v", res)
			}
			wantEq(t, "the number of requests", requests, 1)
			covers(t, "rule.alpn.allowHTTP1-fallback")
		})
	})
	t.Run("allow-http1.2", func(t *testing.T) {
		ran(t)
		synctest.Test(t, func(t *testing.T) {
			m := newMixed(t)
			closed := make(chan time.Time, 1)
			m.OnClose(func() { closed <- time.Now() })
			m.OnRequest(func(_ *events.Request, res *events.Response) { res.End(nil) })
			c, err := m.dial("http/1.1")
			wantNil(t, "the handshake", err)
			m.get(c, bufio.NewReader(c), "/")
			synctest.Wait()
			begun := time.Now()
			wantNil(t, "Close", m.Close())
			if at := <-closed; at != begun {
				t.Errorf("close was emitted after %v", at.Sub(begun))
			}
			if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("the idle connection: %d, %v", n, err)
			}
			c.Close()
		})
	})
	t.Run("https-fallback.1", func(t *testing.T) {
		ran(t)
		synctest.Test(t, func(t *testing.T) {
			m := newMixed(t)
			defer m.over()
			var seen []string
			m.OnRequest(func(req *events.Request, res *events.Response) {
				// Where the protocol of the connection is depends on the version.
				protocol := ""
				if st, ok := req.Stream(); req.HTTPVersion() == "2.0" {
					wantEq(t, "there is a stream", ok, true)
					protocol = st.Session().ALPNProtocol()
				} else {
					wantEq(t, "there is a stream", ok, false)
					state, _ := req.Socket().ConnectionState()
					protocol = state.NegotiatedProtocol
				}
				seen = append(seen, req.HTTPVersion()+" "+protocol+" "+req.Method()+" "+req.URL())
				wantNil(t, "WriteHead", res.WriteHead(200, events.H("content-type", "application/json")))
				res.EndString(req.HTTPVersion())
			})
			h, body := m.overHTTP2(events.H(":path", "/a"))
			if h.Status() != 200 || h.Get("content-type") != "application/json" || body != "2.0" {
				t.Errorf("by HTTP/2: %q, %q", fieldsOf(h), body)
			}
			c, err := m.dial() // no ALPN
			wantNil(t, "the handshake", err)
			defer c.Close()
			res, body := m.get(c, bufio.NewReader(c), "/b")
			if res.Status != "200 OK" || res.Header.Get("content-type") != "application/json" || body != "1.1" {
				t.Errorf("by HTTP/1.1: %v, %q", res, body)
			}
			wantEq(t, "requests of one handler", len(seen), 2)
			covers(t, "rule.alpn.same-request-event")
			if want := []string{"2.0 h2 GET /a", "1.1  GET /b"}; !slices.Equal(seen, want) {
				t.Errorf("the handler saw %q", seen)
			}
			covers(t, "rule.compat.detect-protocol")
		})
	})
	t.Run("autoselect-protocol", func(t *testing.T) {
		ran(t)
		plain, err := events.CreateServer(events.ServerOptions{})
		wantNil(t, "CreateServer", err)
		plain.OnRequest(func(_ *events.Request, res *events.Response) { res.EndString("HTTP/2 Response") })
		mixed, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()})
		wantNil(t, "CreateServer", err)
		mixed.OnRequest(func(req *events.Request, res *events.Response) {
			res.EndString("HTTP/" + req.HTTPVersion()[:1] + " Response")
		})
		synctest.Test(t, func(t *testing.T) {
			// A listener of the program's own that looks at the first bytes, and
			// one that leaves this to the server.
			for who, accept := range map[string]func(net.Conn){
				"the program": func(c net.Conn) {
					head := make([]byte, 3)
					io.ReadFull(c, head)
					if string(head) == "PRI" {
						plain.ServeConn(c, head)
						return
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nHTTP/1 Response")
					c.Close()
				},
				"the server": func(c net.Conn) { mixed.ServeConn(c) },
			} {
				near, far := mem.Pipe()
				go accept(far)
				cs, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
					CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
				})
				wantNil(t, "Connect", err)
				st, err := cs.Request(context.Background(), events.Headers{})
				wantNil(t, "Request", err)
				if b, err := io.ReadAll(st.Blocking()); string(b) != "HTTP/2 Response" || err != nil {
					t.Errorf("%s, by HTTP/2: %q, %v", who, b, err)
				}
				cs.Destroy(nil, events.NoError)
				cs.Wait()
				near, far = mem.Pipe()
				go accept(far)
				io.WriteString(near, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
				if b, err := io.ReadAll(near); !strings.HasSuffix(string(b), "HTTP/1 Response") || err != nil {
					t.Errorf("%s, by HTTP/1: %q, %v", who, b, err)
				}
				near.Close()
			}
			mixed.Shutdown(context.Background())
			mixed.DestroyAll()
			plain.Shutdown(context.Background())
		})
	})
}

// AllowHTTP1 has to be told who speaks it.
func TestAllowHTTP1Alone(t *testing.T) {
	var opts events.SecureServerOptions
	opts.AllowHTTP1 = true
	_, err := events.CreateSecureServer(opts)
	fails(t, "a secure server", err, events.ErrInvalidArg,
		`ERR_INVALID_ARG_VALUE: The option AllowHTTP1 needs somebody who speaks HTTP/1.1: import "weft/adapters/http1"`)
	_, err = events.CreateServer(opts.ServerOptions)
	wantErr(t, "a server", err, events.ErrInvalidArg)
	_, err = events.PerformServerHandshake(nil, events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()}, nil)
	wantErr(t, "a session without a server", err, events.ErrInvalidArg)
}

// A program has types of its own for each version.
func TestOptionHTTP1Classes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMixed(t)
		defer m.over()
		m.OnRequest(events.ByVersion(
			events.Wrap(newMyRequest, newMyResponse, func(req *myRequest, res *myResponse) {
				res.EndString("HTTP/2 " + req.userAgent())
			}),
			events.Wrap(newOldRequest, newOldResponse, func(req *oldRequest, res *oldResponse) {
				res.reply("HTTP/1 " + req.host())
			})))
		if _, body := m.overHTTP2(events.H("user-agent", "me")); body != "HTTP/2 me" {
			t.Errorf("by HTTP/2: %q", body)
		}
		c, err := m.dial("http/1.1")
		wantNil(t, "the handshake", err)
		defer c.Close()
		if _, body := m.get(c, bufio.NewReader(c), "/"); body != "HTTP/1 localhost" {
			t.Errorf("by HTTP/1.1: %q", body)
		}
		covers(t, "createServer.option.Http1IncomingMessage")
		covers(t, "createServer.option.Http1ServerResponse")
	})
}

type oldRequest struct{ *events.Request }

func newOldRequest(r *events.Request) *oldRequest { return &oldRequest{r} }
func (r *oldRequest) host() string                { return r.Headers().Get("host") }

type oldResponse struct{ *events.Response }

func newOldResponse(r *events.Response) *oldResponse { return &oldResponse{r} }
func (r *oldResponse) reply(text string)             { r.EndString(text) }
