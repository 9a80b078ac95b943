package verb

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"weft/adapters/websocket"
	"weft/events"
)

// upgrader accepts the WebSocket that a request asks for.
type upgrader func(o websocket.ServerOptions) (*websocket.Conn, error)

// Upgrade makes a WebSocket of the request, in a handler that App.WebSocket has
// registered. Header fields that were set, cookies among them, go with the
// answer that accepts it. The response is complete then: what is left is the
// WebSocket, which lives on when the handler has returned, if listeners were
// registered.
//
// A page of another origin is refused unless ServerOptions.CheckOrigin lets
// it in.
//
// Errors: an *Error of status 400 for a request that asks for none, ErrHeadersSent
// if it was answered; one that matches websocket.ErrRefused if it was refused by
// this method, and answered: it may be returned by the handler; websocket.ErrInvalidArg.
func (r *Response) Upgrade(opts ...websocket.ServerOptions) (*WebSocket, error) {
	switch {
	case r.failed() != nil:
		return nil, r.failed()
	case r.request().rare().upgrade == nil:
		return nil, errNotWebSocket
	case r.Sent():
		return nil, events.ErrHeadersSent
	}
	var o websocket.ServerOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	o.Headers = r.upgradeFields(o.Headers)
	conn, err := r.more.upgrade(o)
	if err != nil && !errors.Is(err, websocket.ErrRefused) {
		return nil, err
	}
	r.ended, r.more.err = true, events.ErrHeadersSent
	if err != nil {
		return nil, err
	}
	ws := &WebSocket{conn: conn}
	r.more.socket = ws
	if !r.app.sockets.add(ws) {
		conn.Close(websocket.StatusGoingAway, "")
	}
	return ws, nil
}

var errNotWebSocket = &Error{
	Status: http.StatusBadRequest, Message: "a WebSocket is to be opened here", Cause: websocket.ErrNotWebSocket,
}

// upgradeFields returns the fields of the answer: h, and those that were set. Of
// the latter the ones about a body mean nothing.
func (r *Response) upgradeFields(h events.Headers) events.Headers {
	all := events.HeadersOf(h.Fields()...)
	for _, name := range r.carrier().headerNames() {
		switch lower := strings.ToLower(name); {
		case lower == "content-type", lower == "content-length", h.Has(lower):
		case slices.Contains([]string{"connection", "upgrade", "transfer-encoding"}, lower):
		default:
			all.Add(lower, r.carrier().values(name)...)
		}
	}
	return all
}

// upgrading is h as a handler of requests for WebSockets: they must not look
// accepted if they were not.
func upgrading(h Handler) Handler {
	return func(req *Request, res *Response) error {
		err := h(req, res)
		ws := req.rare().socket
		switch {
		case errors.Is(err, websocket.ErrRefused) && res.ended:
			return nil // it was answered
		case ws != nil && ws.conn.Err() != nil:
			return nil // what the handler tells is that it is over
		case err == nil && !res.Sent():
			return errors.New("verb: a handler of App.WebSocket has not called Response.Upgrade")
		}
		return err
	}
}

// serveConnect serves a CONNECT request, in a goroutine of its own.
func (app *App) serveConnect(req *events.Request, res *events.Response) {
	if !websocket.Requested(req) {
		status := http.StatusMethodNotAllowed
		if req.Headers().Has(":protocol") {
			status = http.StatusNotImplemented
		}
		res.WriteHead(status)
		res.End(nil)
		return
	}
	x := callOf(req, res)
	x.bodiless = true
	(*Request)(x).extra().upgrade = func(o websocket.ServerOptions) (*websocket.Conn, error) { return websocket.Upgrade(req, res, o) }
	app.serve(x)
}

// shouldUpgrade reports whether a request by HTTP/1.1 is for serveUpgrade. RFC
// 9110 §7.8: "A server MAY ignore a received Upgrade header field", and so what
// has no route for WebSockets is a request like any other.
func (app *App) shouldUpgrade(r events.HTTP1Request) bool {
	if r.Method != http.MethodGet || r.Minor < 1 || r.HasBody {
		return false
	}
	for _, value := range r.Fields.Values("upgrade") {
		for s := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(s), "websocket") {
				return app.layersNow().webSocketAt(pathOf(r.Target))
			}
		}
	}
	return false
}

// serveUpgrade serves a request for a WebSocket by HTTP/1.1, in a goroutine of
// its own. The connection ends with it.
func (app *App) serveUpgrade(req *events.Request, conn net.Conn, head []byte) {
	defer conn.Close()
	r, err := requestOf(req)
	if err != nil {
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		return
	}
	w := &rawWriter{conn: conn, h: make(http.Header)}
	upgraded := false
	c := &borrowed{w: w, r: r, fields: req.Headers(), url: req.URL()}
	x := callBy(c, r.Method)
	x.more.upgrade = func(o websocket.ServerOptions) (*websocket.Conn, error) {
		c.begun = true
		ws, err := websocket.UpgradeHTTP1(req, conn, head, o)
		if errors.Is(err, websocket.ErrInvalidArg) {
			c.begun = false
		} else {
			upgraded = true
		}
		return ws, err
	}
	app.serve(x)
	if !upgraded && !c.broken {
		c.head()
		w.finish()
	}
}
