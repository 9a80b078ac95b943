package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"

	"weft/events"
)

// Dial opens a WebSocket on a stream of the session, by extended CONNECT
// (RFC 8441). path is that of the request, with a query if there is one; scheme
// and authority are those of the session. ctx bounds the opening, not the
// connection. A client that is a browser for others sets the field origin among
// Options.Headers.
//
// The setting that allows it comes with the server's first bytes: Dial waits
// for those.
//
// Errors: ErrNotEnabled if the server does not announce the setting;
// *RefusedError with the status if it is not 2xx; ErrHandshake, ErrInvalidArg;
// those of ctx and of ClientSession.Request.
func Dial(ctx context.Context, session *events.ClientSession, path string, opts ...Options) (*Conn, error) {
	o, err := clientOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := enabled(ctx, session); err != nil {
		return nil, err
	}
	h := events.H(":method", "CONNECT", ":protocol", "websocket", ":path", path, version, "13")
	for name, value := range o.Headers.All() {
		h.Add(name, value)
	}
	if len(o.Subprotocols) > 0 {
		h.Add(subprotocol, strings.Join(o.Subprotocols, ", "))
	}
	if o.Compression {
		h.Add(extensions, aloneText)
	}
	st, err := session.Request(context.Background(), h)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	d := st.Blocking()
	st.OnError(func(error) {}) // it is what Read and Write return
	t := stream{d, &st.Stream}
	late := context.AfterFunc(ctx, t.abort)
	response, err := d.Response()
	if !late() {
		return nil, ctx.Err()
	}
	if err == nil {
		if status := response.Status(); status < 200 || status > 299 {
			err = &RefusedError{Status: status}
		} else {
			err = agreed(o, response)
		}
	} else {
		err = fmt.Errorf("websocket: %w", err)
	}
	if err != nil {
		t.abort()
		return nil, err
	}
	return newConn(t, o, true, response.Get(subprotocol), response.Get(extensions) != ""), nil
}

func clientOptions(opts []Options) (Options, error) {
	o, err := only(opts)
	if err != nil {
		return o, err
	}
	return o.withDefaults(true)
}

// enabled waits until it is known whether the server allows extended CONNECT.
func enabled(ctx context.Context, session *events.ClientSession) error {
	if err := session.Ready(ctx); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	allows := func() bool { return session.RemoteSettings().EnableConnectProtocol.Or(false) }
	if allows() {
		return nil
	}
	// The server's first frame is SETTINGS, so it comes before any answer.
	answer := make(chan error, 1)
	if _, err := session.Ping(func(err error, _ time.Duration, _ [8]byte) { answer <- err }); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	select {
	case err := <-answer:
		switch {
		case allows():
			return nil
		case err != nil:
			return fmt.Errorf("websocket: %w", err)
		}
		return ErrNotEnabled
	case <-ctx.Done():
		return ctx.Err()
	}
}

// agreed checks what the server has chosen from what was offered.
func agreed(o Options, h events.Headers) error {
	if p := h.Get(subprotocol); p != "" && !slices.Contains(o.Subprotocols, p) {
		return fmt.Errorf("%w: the subprotocol %q was not offered", ErrHandshake, p)
	}
	x := h.Get(extensions)
	if x == "" {
		return nil
	}
	chosen, ok := httphead.ParseOptions([]byte(x), nil)
	if !ok || len(chosen) != 1 || !o.Compression {
		return fmt.Errorf("%w: the extension %q was not offered", ErrHandshake, x)
	}
	return acceptedDeflate(chosen[0])
}

// maxResponse bounds the head of a response by HTTP/1.1.
const maxResponse = 64 << 10

// DialHTTP1 opens a WebSocket on a connection by HTTP/1.1 (RFC 6455). url is for
// example "ws://localhost/chat"; it does not matter to it whether conn has TLS.
// ctx bounds the opening, not the connection. conn is closed if that fails, unless
// with ErrInvalidArg.
//
// Errors: *RefusedError with the status if it is not 101; ErrHandshake,
// ErrInvalidArg; those of ctx and conn.
func DialHTTP1(ctx context.Context, conn net.Conn, rawURL string, opts ...Options) (*Conn, error) {
	o, err := clientOptions(opts)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%w: the URL %q", ErrInvalidArg, rawURL)
	}
	fields := make(http.Header)
	for name, value := range o.Headers.All() {
		fields.Add(name, value)
	}
	late := context.AfterFunc(ctx, func() { conn.SetDeadline(longAgo) })
	d := ws.Dialer{Protocols: o.Subprotocols, Header: ws.HandshakeHeaderHTTP(fields)}
	if o.Compression {
		d.Extensions = []httphead.Option{alone.Option()}
	}
	rest, hs, err := d.Upgrade(struct {
		io.Reader
		io.Writer
	}{io.LimitReader(conn, maxResponse), conn}, u)
	if !late() {
		conn.Close()
		return nil, ctx.Err()
	}
	if err == nil && len(hs.Extensions) > 1 {
		err = ws.ErrHandshakeBadExtensions
	}
	if err == nil && len(hs.Extensions) == 1 {
		err = acceptedDeflate(hs.Extensions[0])
	}
	if err != nil {
		conn.Close()
		return nil, handshakeError(err)
	}
	t := &upgraded{Conn: conn, client: true}
	if rest != nil {
		head, _ := rest.Peek(rest.Buffered())
		t.head = slices.Clone(head)
		ws.PutReader(rest)
	}
	return newConn(t, o, true, hs.Protocol, len(hs.Extensions) > 0), nil
}

func handshakeError(err error) error {
	var status ws.StatusError
	var network net.Error
	switch {
	case errors.As(err, &status):
		return &RefusedError{Status: int(status)}
	case errors.As(err, &network), errors.Is(err, io.ErrClosedPipe):
		return fmt.Errorf("websocket: %w", err)
	}
	if errors.Is(err, ErrHandshake) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrHandshake, err)
}
