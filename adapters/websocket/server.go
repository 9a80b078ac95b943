package websocket

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"weft/events"
)

// Handle has f called for each WebSocket a client opens on the server, in a
// goroutine of its own, by HTTP/2 (RFC 8441) and, if the server has the option
// HTTP1, by HTTP/1.1. When f returns, the Conn is closed with
// StatusNormalClosure unless that has happened.
//
// Sessions that begin from now on announce SETTINGS_ENABLE_CONNECT_PROTOCOL.
// Other CONNECT requests are answered with status 405, or 501 if they name
// another protocol, and other upgrades by HTTP/1.1 with status 501: a server
// that serves those as well registers its own listeners and calls Upgrade and
// UpgradeHTTP1 in them, and a server with several kinds of WebSockets either does
// that or tells them apart within f. Handle is called once for a server.
//
// Server.Shutdown waits until the handlers of WebSockets by HTTP/2 have ended,
// DestroyAll ends them and those by HTTP/1.1.
//
// Errors: ErrInvalidArg. Nothing was registered then.
func Handle(srv *events.Server, f func(c *Conn, req *events.Request), opts ...ServerOptions) error {
	o, err := serverOptions(opts)
	switch {
	case err != nil:
		return err
	case f == nil:
		return fmt.Errorf("%w: the function is nil", ErrInvalidArg)
	}
	if err := Announce(srv); err != nil {
		return err
	}
	srv.OnConnect(events.InGoroutine(func(req *events.Request, res *events.Response) {
		if c, err := upgrade(req, res, o); err == nil {
			serve(c, req, f)
		}
	}))
	srv.OnUpgrade(func(req *events.Request, conn net.Conn, head []byte) {
		if c, err := upgradeHTTP1(req, conn, head, o); err == nil {
			serve(c, req, f)
		}
	})
	return nil
}

// Announce lets clients open WebSockets by HTTP/2 in sessions that begin from
// now on, and has their requests emitted by Server.OnConnect. It is part of
// Handle; who calls Upgrade calls it first, or has set
// Settings.EnableConnectProtocol among the options of the server.
//
// Errors: those of events.Server.UpdateSettings.
func Announce(srv *events.Server) error {
	return srv.UpdateSettings(events.Settings{EnableConnectProtocol: events.Set(true)})
}

func serverOptions(opts []ServerOptions) (o ServerOptions, err error) {
	if o, err = only(opts); err != nil {
		return o, err
	}
	if o.CheckOrigin == nil {
		o.CheckOrigin = SameOrigin
	}
	o.Options, err = o.Options.withDefaults(false)
	return o, err
}

// serve calls f, and closes behind it.
func serve(c *Conn, req *events.Request, f func(*Conn, *events.Request)) {
	code := StatusInternalError // f panics
	defer func() { c.Close(code, "") }()
	f(c, req)
	code = StatusNormalClosure
}

// Requested reports whether a request asks for a WebSocket.
func Requested(req *events.Request) bool {
	if _, ok := req.Stream(); ok {
		return req.Method() == "CONNECT" && req.Headers().Get(":protocol") == "websocket"
	}
	h := req.Headers()
	return req.Method() == "GET" && req.HTTPVersion() == "1.1" && hasToken(h, "connection", "upgrade") && hasToken(h, "upgrade", "websocket")
}

// Upgrade accepts the WebSocket that a request by HTTP/2 asks for, in a listener
// of Server.OnConnect. Unless Check or CheckOrigin block it may be called within
// the callback, but the Conn is for another goroutine. Within a function that
// events.InGoroutine runs, the Conn lasts until that returns.
//
// Errors: ErrInvalidArg, and then the request is still to be answered.
// Otherwise it was, and the error is ErrRefused, and as the case may be
// ErrNotWebSocket or ErrNotEnabled.
func Upgrade(req *events.Request, res *events.Response, opts ...ServerOptions) (*Conn, error) {
	o, err := serverOptions(opts)
	if err != nil {
		return nil, err
	}
	return upgrade(req, res, o)
}

func upgrade(req *events.Request, res *events.Response, o ServerOptions) (*Conn, error) {
	answer, refused := check(req, o)
	st, http2 := res.Stream()
	if refused == nil {
		if http2 {
			refused = tell(res, answer)
		} else {
			refused = &RefusedError{http.StatusNotImplemented, errors.New("by HTTP/1.1 it comes by Server.OnUpgrade")}
		}
		if refused == nil {
			st.OnError(func(error) {}) // it is what Read and Write return
			return newConn(stream{st.Blocking(), &st.Stream}, o.Options, false, answer.Get(subprotocol), o.Compression && answer.Has(extensions)), nil
		}
		answer = events.Headers{}
	}
	res.WriteHead(refused.Status, answer)
	res.End(nil)
	return nil, refused
}

// tell sends the answer that accepts.
func tell(res *events.Response, answer events.Headers) *RefusedError {
	if err := res.WriteHead(http.StatusOK, answer); err != nil {
		return &RefusedError{http.StatusInternalServerError, err}
	}
	if !res.HeadersSent() {
		return &RefusedError{http.StatusInternalServerError, errors.New("the client has gone")}
	}
	return nil
}

// UpgradeHTTP1 accepts the WebSocket that a request by HTTP/1.1 asks for, in a
// listener of Server.OnUpgrade, which gets conn and head. It may block.
//
// Errors: ErrInvalidArg, and then conn is still the caller's. Otherwise the
// request was answered and conn closed, and the error is ErrRefused, and as the
// case may be ErrNotWebSocket.
func UpgradeHTTP1(req *events.Request, conn net.Conn, head []byte, opts ...ServerOptions) (*Conn, error) {
	o, err := serverOptions(opts)
	if err != nil {
		return nil, err
	}
	return upgradeHTTP1(req, conn, head, o)
}

func upgradeHTTP1(req *events.Request, conn net.Conn, head []byte, o ServerOptions) (*Conn, error) {
	answer, refused := check(req, o)
	status := http.StatusSwitchingProtocols
	if refused != nil {
		status = refused.Status
		answer.Set("connection", "close")
		if status == http.StatusUpgradeRequired {
			// RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a
			// 426 response to indicate the required protocol(s)".
			answer.Set("connection", "Upgrade, close")
			answer.Set("upgrade", "websocket")
		}
		answer.Set("content-length", "0")
		answer.Set("date", time.Now().UTC().Format(http.TimeFormat)) // §6.6.1
	} else {
		answer.Set("connection", "Upgrade")
		answer.Set("upgrade", "websocket")
		answer.Set("sec-websocket-accept", accept(req.Headers().Get("sec-websocket-key")))
	}
	text := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	for name, value := range answer.All() {
		text = fmt.Appendf(text, "%s: %s\r\n", http.CanonicalHeaderKey(name), value)
	}
	conn.SetWriteDeadline(from(o.WriteTimeout))
	_, err := conn.Write(append(text, "\r\n"...))
	if refused == nil && err != nil {
		refused = &RefusedError{status, err}
	}
	if refused != nil {
		t := &upgraded{Conn: conn}
		ctx, cancel := context.WithTimeout(context.Background(), o.CloseTimeout)
		defer cancel()
		letGo(ctx, t)
		return nil, refused
	}
	return newConn(&upgraded{Conn: conn, head: head}, o.Options, false, answer.Get(subprotocol), o.Compression && answer.Has(extensions)), nil
}

const (
	subprotocol = "sec-websocket-protocol"
	version     = "sec-websocket-version"
)

// check judges a request, and returns the fields of the answer.
func check(req *events.Request, o ServerOptions) (answer events.Headers, refused *RefusedError) {
	if status, err := fault(req); err != nil {
		if status == http.StatusUpgradeRequired || status == http.StatusBadRequest {
			answer.Set(version, "13") // RFC 6455 §4.4
		}
		return answer, &RefusedError{status, err}
	}
	if !o.CheckOrigin(req) {
		return answer, &RefusedError{http.StatusForbidden, fmt.Errorf("the origin %q", req.Headers().Get("origin"))}
	}
	if o.Check != nil {
		if status := o.Check(req); status != 0 {
			if status < 300 || status > 599 {
				status = http.StatusInternalServerError
			}
			return answer, &RefusedError{status, errors.New("by Check")}
		}
	}
	answer = events.HeadersOf(o.Headers.Fields()...)
	if p := agree(o.Subprotocols, req.Headers()); p != "" {
		answer.Set(subprotocol, p)
	}
	if o.Compression {
		answer.Del(extensions)
		if x := acceptDeflate(req.Headers()); x != "" {
			answer.Set(extensions, x)
		}
	}
	return answer, nil
}

// fault returns what is wrong with a request, and the status that says so.
func fault(req *events.Request) (int, error) {
	h := req.Headers()
	st, http2 := req.Stream()
	switch {
	case http2 && req.Method() != "CONNECT":
		if !st.Session().LocalSettings().EnableConnectProtocol.Or(false) {
			return http.StatusBadRequest, fmt.Errorf("%w: %w", ErrNotWebSocket, ErrNotEnabled)
		}
		return http.StatusBadRequest, ErrNotWebSocket
	case req.Method() == "CONNECT" && !h.Has(":protocol"):
		return http.StatusMethodNotAllowed, ErrNotWebSocket
	case !Requested(req):
		return http.StatusNotImplemented, ErrNotWebSocket
	case h.Get(version) != "13":
		if http2 {
			return http.StatusBadRequest, fmt.Errorf("%w: version %q", ErrHandshake, h.Get(version))
		}
		return http.StatusUpgradeRequired, fmt.Errorf("%w: version %q", ErrHandshake, h.Get(version))
	case http2:
		return 0, nil
	}
	key, err := base64.StdEncoding.DecodeString(h.Get("sec-websocket-key"))
	switch {
	case err != nil || len(key) != 16:
		return http.StatusBadRequest, fmt.Errorf("%w: no valid key", ErrHandshake)
	case h.Has("transfer-encoding"), h.Get("content-length") != "" && h.Get("content-length") != "0":
		return http.StatusBadRequest, fmt.Errorf("%w: a request with a body", ErrHandshake)
	}
	return 0, nil
}

// accept is what shows the client that its key was understood (RFC 6455
// §4.2.2).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// agree returns the first of our subprotocols that is offered, "" if none is.
func agree(ours []string, h events.Headers) string {
	for _, p := range ours {
		if slices.Contains(list(h, subprotocol), p) {
			return p
		}
	}
	return ""
}

// list returns the elements of a field that is a list.
func list(h events.Headers, name string) (all []string) {
	for _, value := range h.Values(name) {
		for item := range strings.SplitSeq(value, ",") {
			all = append(all, strings.TrimSpace(item))
		}
	}
	return all
}

func hasToken(h events.Headers, name, token string) bool {
	return slices.ContainsFunc(list(h, name), func(s string) bool { return strings.EqualFold(s, token) })
}

// SameOrigin reports whether a request comes from a page of the host that it is
// made to, or from what is no browser and names no origin.
func SameOrigin(req *events.Request) bool {
	origin := req.Headers().Get("origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	port := map[string]string{"http": ":80", "https": ":443"}[strings.ToLower(u.Scheme)]
	return strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(req.Authority(), port))
}

// AnyOrigin reports true: who opens a WebSocket is not told by where it says it
// comes from.
func AnyOrigin(*events.Request) bool { return true }
