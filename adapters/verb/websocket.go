package verb

import (
	"context"
	"encoding/json"
	"sync"

	"weft/adapters/websocket"
	"weft/events"
)

// WebSocket is what a request became by Response.Upgrade: messages both ways,
// by HTTP/2 on the stream of the request (RFC 8441), by HTTP/1.1 on its
// connection (RFC 6455).
//
// There are two ways to use one. A handler may register listeners and return:
// then they are called, one at a time, in the goroutine of the request, until
// the WebSocket is over. Or it reads from Conn itself: what it has left open
// when it returns, without listeners, is closed with
// websocket.StatusNormalClosure.
//
// Methods may be called from any goroutine, listeners included.
type WebSocket struct {
	conn      *websocket.Conn
	onMessage listeners[func(websocket.MessageType, []byte)]
	onClose   listeners[func(error)]
}

// OnMessage registers f for the messages that come once the handler has
// returned, none of which is lost before. data is f's to keep. While f runs nothing is
// read, so that a client can send no faster than it is listened to. A message
// nobody listens for is dropped. It returns a function that undoes the
// registration.
func (ws *WebSocket) OnMessage(f func(kind websocket.MessageType, data []byte)) (remove func()) {
	return ws.onMessage.on(f)
}

// OnClose registers f for the end, after which there are no more messages. err is
// why it came: a *websocket.CloseError has the client's code and reason; see
// websocket.Conn.Read. It returns a function that undoes that.
func (ws *WebSocket) OnClose(f func(err error)) (remove func()) { return ws.onClose.on(f) }

// Send sends a message of bytes. It waits while the client takes nothing; see
// websocket.Conn.Write, also for errors.
func (ws *WebSocket) Send(data []byte) error {
	return ws.conn.Write(context.Background(), websocket.Binary, data)
}

// SendText sends a message of text as Send does. It has to be UTF-8.
func (ws *WebSocket) SendText(text string) error {
	return ws.conn.Write(context.Background(), websocket.Text, []byte(text))
}

// SendJSON sends a value as JSON, in a message of text, as Send does. An error
// of json.Marshal is returned, and nothing sent.
func (ws *WebSocket) SendJSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return ws.conn.Write(context.Background(), websocket.Text, b)
}

// Close closes the WebSocket with a code and a reason, and waits for the client
// to do so, too; see websocket.Conn.Close, also for errors.
func (ws *WebSocket) Close(code websocket.StatusCode, reason string) error {
	return ws.conn.Close(code, reason)
}

// Conn returns what it is made of, which has contexts, pings and reading by
// calls. A message read there is not told to listeners.
func (ws *WebSocket) Conn() *websocket.Conn { return ws.conn }

// live calls the listeners until the end. It runs where the handler ran.
func (ws *WebSocket) live(req *Request) {
	var why error
	code := websocket.StatusNormalClosure
	if ws.onMessage.any() || ws.onClose.any() {
		if err := guard(func() { why = ws.read() }); err != nil {
			req.app.logPanic(err, req)
			why, code = err, websocket.StatusInternalError
		}
	}
	ws.conn.Close(code, "") // if it was closed here, it waits for the end
	if err := guard(func() { ws.onClose.each(func(f func(error)) { f(why) }) }); err != nil {
		req.app.logPanic(err, req)
	}
}

func (ws *WebSocket) read() error {
	for {
		kind, p, err := ws.conn.Read(context.Background())
		if err != nil {
			return err
		}
		ws.onMessage.each(func(f func(websocket.MessageType, []byte)) { f(kind, p) })
	}
}

// WebSocket registers a handler for requests that ask for a WebSocket, which
// calls Response.Upgrade, and middlewares that come before it. What was
// registered with Use for the path comes before it, too, so that it may refuse the
// request. Other requests go on to other routes; if none has the path, GET is
// answered with status 400.
//
//	app.WebSocket("/echo", func(req *verb.Request, res *verb.Response) error {
//		ws, err := res.Upgrade()
//		if err != nil {
//			return err
//		}
//		ws.OnMessage(func(_ websocket.MessageType, data []byte) { ws.Send(data) })
//		return nil
//	})
//
// With the first one SETTINGS_ENABLE_CONNECT_PROTOCOL is announced, in
// sessions that begin from then on, unless
// HTTP2Options.Settings.EnableConnectProtocol is set. One that an App gets
// after it was mounted in an App that serves already is not noticed. By HTTP/1.1
// there are WebSockets if HTTP2Options.AllowHTTP1 is set; an App that is an
// http.Handler of net/http answers them with status 501.
func (app *App) WebSocket(pattern string, h Handler, before ...Middleware) {
	if h == nil {
		panic("verb: a route without a handler: " + pattern)
	}
	app.add(layer{pattern: compile(pattern, false), webSocket: true, handler: behind(before, upgrading(h))})
	app.announce()
}

// announce has sessions from now on allow extended CONNECT, if there is a server
// and a route for it.
func (app *App) announce() {
	app.mu.Lock()
	server := app.server
	_, decided := app.options().HTTP2.Settings.EnableConnectProtocol.Get()
	app.mu.Unlock()
	if server != nil && !decided && app.layersNow().webSockets() {
		// It fails for settings that are wrong, which this is not.
		server.UpdateSettings(events.Settings{EnableConnectProtocol: events.Set(true)})
	}
}

// webSockets reports whether there is a route for WebSockets.
func (t *table) webSockets() bool {
	for i := range t.layers {
		l := &t.layers[i]
		if l.webSocket || l.mounted != nil && l.mounted.layersNow().webSockets() {
			return true
		}
	}
	return false
}

// webSocketAt reports whether a route for WebSockets has the path.
func (t *table) webSocketAt(path string) bool {
	for i := range t.layers {
		l := &t.layers[i]
		if !l.webSocket && l.mounted == nil {
			continue
		}
		left, _, ok := l.pattern.match(path, nil)
		if ok && (l.webSocket || l.mounted.layersNow().webSocketAt(left)) {
			return true
		}
	}
	return false
}

// leave is Shutdown of an app's server.
func (app *App) leave(ctx context.Context, server *events.Server) error {
	left := make(chan struct{})
	go func() {
		defer close(left)
		app.sockets.leave()
	}()
	err := server.Shutdown(ctx)
	select {
	case <-left:
	case <-ctx.Done():
		server.DestroyAll() // those by HTTP/1.1, which it has not waited for
		if err == nil {
			err = context.Cause(ctx)
		}
	}
	return err
}

// sockets are the WebSockets of an App's server.
type sockets struct {
	mu      sync.Mutex
	open    map[*WebSocket]bool
	served  sync.WaitGroup // of those
	leaving bool
}

// add reports whether there may be another one.
func (s *sockets) add(ws *WebSocket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving {
		return false
	}
	if s.open == nil {
		s.open = make(map[*WebSocket]bool)
	}
	s.open[ws] = true
	s.served.Add(1)
	return true
}

func (s *sockets) remove(ws *WebSocket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[ws] {
		delete(s.open, ws)
		s.served.Done()
	}
}

// leave closes them all, as RFC 6455 §7.4.1 has it for a server that goes down,
// and waits until their listeners have been told.
func (s *sockets) leave() {
	s.mu.Lock()
	s.leaving = true
	for ws := range s.open {
		go ws.conn.Close(websocket.StatusGoingAway, "")
	}
	s.mu.Unlock()
	s.served.Wait()
}
