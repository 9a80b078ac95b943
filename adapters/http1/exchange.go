package http1

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"weft/core"
	"weft/events"
)

// exchange is a request on its way through the server's stream, and the
// response on its way back.
type exchange struct {
	w http.ResponseWriter
	r *http.Request
	c *conn
	// left ends its care for whether the client has left.
	left func() bool
	st   *events.ClientStream
	d    *events.Duplex

	mu       sync.Mutex // of w, until the headers are known
	over     bool
	sending  bool        // the body
	bodyRead atomic.Bool // the request's, to its end
	last     bool        // the connection ends with the response
	broken   atomic.Bool // the request is malformed beyond its head
}

// serve is the handler of every request.
func serve(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(connKey{}).(*conn)
	status := faultOf(r)
	if status == 0 && headSize(r) > c.server.maxHead {
		status = http.StatusRequestHeaderFieldsTooLarge // net/http lets some KiB more pass
	}
	if status != 0 {
		refuse(w, status)
		return
	}
	ambiguous := c.lengths.request(len(r.TransferEncoding) > 0, r.Header.Get("Content-Length") != "")
	if wantsUpgrade(r) {
		head := headOf(r)
		head.HasBody = r.Body != http.NoBody
		if c.events.Upgrades(head) {
			c.upgrade(w, head)
			return
		}
	}
	if r.Method == http.MethodConnect {
		if !c.server.addTunnel(c) {
			unavailable(w)
			return
		}
		defer c.server.removeTunnel(c)
	}
	// Request and response are independent of each other.
	http.NewResponseController(w).EnableFullDuplex()
	x := &exchange{w: w, r: r, c: c, last: ambiguous}
	defer x.end()
	if !x.begin() {
		panic(http.ErrAbortHandler)
	}
	answer, err := x.d.Response()
	if err != nil {
		x.refused()
		return
	}
	x.end()
	if h := c.events.Answer(); h.Len() > 0 {
		answer = h
	}
	if r.Method == http.MethodConnect && answer.Status() < 300 {
		x.tunnel(answer)
		return
	}
	x.respond(answer)
	x.leaveBody()
}

// leaveBody bounds how long net/http waits behind the response for the rest of the
// body: as long as for the head of another request.
func (x *exchange) leaveBody() {
	if wait := x.c.server.http.ReadHeaderTimeout; wait > 0 && !x.bodyRead.Load() {
		x.c.rest = time.AfterFunc(wait, func() { x.c.Close() })
	}
}

// headSize returns how long the head of a request is, as far as net/http shows it.
func headSize(r *http.Request) int {
	n := len(r.Method) + len(" ") + len(r.RequestURI) + len(" HTTP/1.1\r\n") + len("\r\n")
	if r.Host != "" {
		n += len("host: ") + len(r.Host) + len("\r\n")
	}
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return n
}

// faultOf returns the status for what net/http takes for a request and is none, 0
// for all others.
func faultOf(r *http.Request) int {
	switch {
	case r.ProtoMajor != 1: // the preface of HTTP/2, behind a request
		return http.StatusHTTPVersionNotSupported
	case r.RequestURI == "*" && r.Method != http.MethodOptions, // RFC 9112 §3.2.4
		strings.Contains(r.RequestURI, "#"): // §3.2: no form of a target has one
		return http.StatusBadRequest
	}
	return 0
}

// begin gives the request to the server.
func (x *exchange) begin() bool {
	r := x.r
	head := headOf(r)
	head.HasBody = r.Body != http.NoBody || r.Method == http.MethodConnect
	// Reading the body would send status 100, which is the handler's to say.
	ready := r.Header.Get("Expect") == ""
	x.bodyRead.Store(!head.HasBody)
	if !head.HasBody || r.Method == http.MethodConnect {
		x.sending, ready = true, false
	}
	ctx := r.Context()
	if r.Method == http.MethodConnect {
		// The end of the client's bytes, which ends r's, is not that of a tunnel.
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		x.left = context.AfterFunc(ctx, cancel)
		ctx = own
	}
	x.mu.Lock() // informational responses wait
	defer x.mu.Unlock()
	st, err := x.c.events.Begin(ctx, head, x.inform)
	if err != nil {
		return false
	}
	x.st, x.d = st, st.Blocking()
	if ready {
		x.send()
	}
	return true
}

// send has the body sent, once.
func (x *exchange) send() {
	if !x.sending {
		x.sending = true
		go x.sendBody()
	}
}

// headOf is the request as events has it.
func headOf(r *http.Request) events.HTTP1Request {
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	fields := make([]events.Field, 0, len(names)+1)
	if r.Host != "" {
		fields = append(fields, events.Field{Name: "host", Value: r.Host})
	}
	for _, name := range names {
		for _, value := range r.Header[name] {
			fields = append(fields, events.Field{Name: name, Value: value})
		}
	}
	if len(r.TransferEncoding) > 0 {
		fields = append(fields, events.Field{Name: "transfer-encoding", Value: strings.Join(r.TransferEncoding, ", ")})
	}
	return events.HTTP1Request{
		Method:    r.Method,
		Target:    r.RequestURI,
		Authority: r.Host,
		Minor:     r.ProtoMinor,
		Fields:    events.HeadersOf(fields...),
	}
}

// inform sends an informational response. It is called within a turn of the
// stream's session, which is there for nobody else.
func (x *exchange) inform(h events.Headers) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if h.Status() == http.StatusContinue {
		defer x.send()
	}
	if x.over || !x.r.ProtoAtLeast(1, 1) {
		return // RFC 9110 §15.2: "a server MUST NOT send a 1xx response to an HTTP/1.0 client"
	}
	for name, value := range h.All() {
		if name[0] != ':' {
			x.w.Header().Add(name, value)
		}
	}
	x.w.WriteHeader(h.Status())
	clear(x.w.Header())
}

// end ends informational responses.
func (x *exchange) end() {
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
}

// sendBody gives the request's body to the server. It runs in a goroutine of
// its own, and ends at the latest with the stream; a Read that blocks is
// waited for by net/http, behind the response.
func (x *exchange) sendBody() {
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for {
		n, err := x.r.Body.Read(buf[:])
		if n > 0 {
			if _, err := x.d.Write(buf[:n]); err != nil {
				return
			}
		}
		switch err {
		case nil:
		case io.EOF:
			x.bodyRead.Store(true)
			x.endBody()
			return
		default:
			if !errors.Is(err, io.ErrUnexpectedEOF) { // else the client has left
				x.broken.Store(true)
			}
			x.st.Close(events.Cancel)
			return
		}
	}
}

// endBody ends the request with its trailers.
func (x *exchange) endBody() {
	var list []events.Field
	for name, values := range x.r.Trailer {
		if !core.FitsTrailers(strings.ToLower(name)) {
			continue // a client that sends one all the same is not heeded
		}
		for _, value := range values {
			list = append(list, events.Field{Name: name, Value: value})
		}
	}
	if err := x.d.SendTrailers(events.HeadersOf(list...)); err != nil {
		x.st.Close(events.Cancel) // does nothing if the stream is over
	}
}

// refused answers a request that has no response.
func (x *exchange) refused() {
	x.d.Close()
	code, _ := x.st.RSTCode()
	switch {
	case x.broken.Load():
		x.end()
		refuse(x.w, http.StatusBadRequest)
	case code == events.RefusedStream:
		x.end()
		unavailable(x.w) // nobody listens for requests
	default:
		x.abort()
	}
}

// abort closes the connection. net/http would wait for the rest of the body before
// it does, and let a client that sends none keep it open.
func (x *exchange) abort() {
	x.c.Close()
	panic(http.ErrAbortHandler)
}

// refuse answers what is not a request, after which nobody can tell where another
// one would begin.
func refuse(w http.ResponseWriter, status int) {
	clear(w.Header())
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
}

// unavailable refuses a request.
func unavailable(w http.ResponseWriter) {
	clear(w.Header())
	w.WriteHeader(http.StatusServiceUnavailable)
}

// respond sends the response.
func (x *exchange) respond(answer events.Headers) {
	defer x.d.Close()
	h := x.w.Header()
	// What the handler did not set is not made up.
	h["Date"], h["Content-Type"] = nil, nil
	for name, value := range answer.All() {
		if name[0] != ':' {
			h.Add(name, value)
		}
	}
	if x.last {
		h.Set("Connection", "close")
	}
	x.w.WriteHeader(answer.Status())
	flusher := http.NewResponseController(x.w)
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for {
		// As long as more is to come, nobody knows when.
		if !x.st.Complete() {
			if err := flusher.Flush(); err != nil {
				x.abort()
			}
		}
		n, err := x.d.Read(buf[:])
		if n > 0 {
			if _, err := x.w.Write(buf[:n]); err != nil {
				x.abort()
			}
		}
		switch err {
		case nil:
		case io.EOF:
			x.sendTrailers(flusher)
			return
		default:
			flusher.Flush()
			x.abort() // so that the client sees that it is cut short
		}
	}
}

// sendTrailers has trailers follow the body.
func (x *exchange) sendTrailers(flusher *http.ResponseController) {
	trailers := x.d.Trailers()
	if trailers.Len() == 0 || !x.r.ProtoAtLeast(1, 1) {
		return
	}
	flusher.Flush() // or else a short body would get a length, and no trailers
	for name, value := range trailers.All() {
		x.w.Header().Add(http.TrailerPrefix+name, value)
	}
}

const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}
