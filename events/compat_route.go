package events

import (
	"net"
	"strings"

	"weft/core"
)

// A handler gets a request and the response to it. Both may be kept and used
// from any goroutine.
type handler = func(req *Request, res *Response)

// compat is what a server has of the Compatibility API.
type compat struct {
	onRequest          shared[handler]
	onCheckContinue    shared[handler]
	onCheckExpectation shared[handler]
	onConnectRequest   shared[handler]
}

// OnRequest registers f for each request, and with it turns the Compatibility
// API on: without a request listener none of its events but OnConnect's is
// emitted, and no request answered for want of one.
//
// A request with Expect: 100-continue is answered with status 100 first; see
// OnCheckContinue.
func (srv *Server) OnRequest(f func(req *Request, res *Response)) Listener {
	mustListen("Server.OnRequest", f == nil)
	srv.isCompat.Store(true)
	return srv.compat.onRequest.on(f)
}

// OnCheckContinue registers f for requests with Expect: 100-continue, which are
// not given to OnRequest then. f calls WriteContinue, after which the client
// sends its body, or answers with a final status.
func (srv *Server) OnCheckContinue(f func(req *Request, res *Response)) Listener {
	mustListen("Server.OnCheckContinue", f == nil)
	return srv.compat.onCheckContinue.on(f)
}

// OnCheckExpectation registers f for requests with any other Expect, which are
// not given to OnRequest. Without a listener they are answered with status 417.
func (srv *Server) OnCheckExpectation(f func(req *Request, res *Response)) Listener {
	mustListen("Server.OnCheckExpectation", f == nil)
	return srv.compat.onCheckExpectation.on(f)
}

// OnConnect registers f for CONNECT requests, which are not given to OnRequest.
// It needs no request listener beside it. With one, and without a listener here
// or for OnStream, they are answered with status 405.
func (srv *Server) OnConnect(f func(req *Request, res *Response)) Listener {
	mustListen("Server.OnConnect", f == nil)
	return srv.compat.onConnectRequest.on(f)
}

// OnUpgrade registers f for requests by HTTP/1.1 that want another protocol on
// the connection: with the fields upgrade and connection. f gets the connection,
// which is its own from then on, and what was read from it after the request.
// It answers the request there, writing bytes. It is called in a goroutine of
// its own, and may block; Shutdown and Wait don't wait for it, but DestroyAll
// closes the connection.
//
// Without a listener such requests are given to OnRequest like any other, and so
// are those that ServerOptions.ShouldUpgrade leaves out and those that offer the
// obsolete h2c.
func (srv *Server) OnUpgrade(f func(req *Request, conn net.Conn, head []byte)) Listener {
	mustListen("Server.OnUpgrade", f == nil)
	return srv.onUpgrade.on(f)
}

// wantsExchange reports whether a request is one of the Compatibility API's.
func (srv *Server) wantsExchange(method string) bool {
	return srv.isCompat.Load() || method == "CONNECT" && srv.compat.onConnectRequest.any()
}

const expectContinue = "100-continue"

// begin announces the exchange to the application, as ServerStream.begin does a
// stream.
func (x *exchange) begin(shared, own []func(*ServerStream, Headers, Flags), new bool) {
	st := &x.stream
	ss := st.session()
	if len(shared) > 0 {
		st.callAll(shared)
	}
	if len(own) > 0 {
		st.callAll(own)
	}
	if new {
		ss.announcing = &st.Stream
	}
	list := x.route(ss.owner, len(shared)+len(own) > 0)
	if new && len(list) > 0 {
		ss.asked = list // report calls them
		return
	}
	x.call(list)
	st.announced()
}

// beginLikeLast is begin for what most requests are: one with the very headers of
// the last, which asked for nothing special, where nobody but its handlers has to
// be told. It reports false, and has done nothing, if that is not so.
func (ss *ServerSession) beginLikeLast(st *ServerStream) bool {
	if ss.watcher != nil || ss.http1 != nil || ss.owner.onStream.any() || ss.onStream.any() ||
		ss.handlers > 0 && uint32(ss.handlers) >= ss.conn.LocalSettings().MaxConcurrentStreams {
		return false
	}
	list := ss.owner.compat.onRequest.take()
	if len(list) == 0 {
		return false
	}
	ss.handlers++
	st.set(isCounted)
	st.facts |= repeats
	ss.announcing = &st.Stream
	ss.asked = list
	return true
}

// route returns who is to answer the request, or answers it for want of one.
// streamed says that listeners of the stream event have had it already.
func (x *exchange) route(srv *Server, streamed bool) []handler {
	connect, expect := false, ""
	if ss := x.stream.session(); x.stream.headers != ss.plain { // most share the list of the one before
		list := x.stream.Headers().list
		for i := range list {
			switch list[i].Name {
			case ":method":
				connect = list[i].Value == "CONNECT"
			case "expect":
				expect = list[i].Value
			}
		}
		if !connect && expect == "" {
			ss.plain = x.stream.headers
		}
	} else {
		x.stream.facts |= repeats
	}
	var list []handler
	instead := 0 // of a listener: a status
	switch {
	case connect:
		list, instead = srv.compat.onConnectRequest.take(), StatusMethodNotAllowed
	case expect == "":
		list = srv.compat.onRequest.take()
	case !strings.EqualFold(expect, expectContinue):
		list, instead = srv.compat.onCheckExpectation.take(), StatusExpectationFailed
	default:
		if list = srv.compat.onCheckContinue.take(); len(list) == 0 {
			x.res.inform(StatusContinue)
			list = srv.compat.onRequest.take()
		}
	}
	switch {
	case len(list) > 0, streamed && (connect || instead == 0), x.stream.is(sentHeaders):
	case instead != 0:
		x.res.status = uint16(instead)
		x.res.end(chunk{})
	default:
		x.stream.shut(core.RefusedStream, true, true) // nobody is there to serve it
	}
	return list
}

func (x *exchange) call(list []handler) {
	if len(list) == 0 {
		return
	}
	x.stream.s.leave()
	defer x.stream.called()
	for _, f := range list {
		f(&x.res.req, &x.res)
	}
}
