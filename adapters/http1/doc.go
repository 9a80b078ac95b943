// Package http1 has a server of package events serve clients that speak
// HTTP/1.1, on the same port and by the same handler as those that speak
// HTTP/2:
//
//	events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()}
//
// Package net/http does the work: it reads requests, frames bodies, keeps
// connections alive, and bounds what a client may send. A request then goes
// through a stream within the process, so that [events.Request] and
// [events.Response] keep to the same rules whatever the protocol: callbacks one
// at a time, back-pressure, blocking bodies.
//
// What is different for a handler by HTTP/1.1:
//
//   - Request.Stream and Response.Stream have no stream, HTTPVersion is "1.1",
//     and Headers has no pseudo-fields. Method, URL, Scheme and Authority are
//     what they are by HTTP/2.
//   - Nothing can be pushed: Response.CanPush reports false.
//   - Response keeps fields such as connection, which HTTP/2 does not have.
//   - The order of fields is lost, and so is the case of their names; the reason
//     phrase is the usual one.
//   - A request with an upgrade field goes to Server.OnUpgrade, if somebody
//     listens there, ServerOptions.ShouldUpgrade has nothing against it, and it
//     does not offer h2c, which is obsolete. The connection ends when it is
//     closed there, or with Server.DestroyAll; Options.MaxUpgraded bounds how
//     many there are. CONNECT goes to Server.OnConnect
//     as by HTTP/2: after a response of status 200 the bodies are the tunnel.
//   - An expectation other than 100-continue is answered with status 417 whether
//     or not somebody listens for it.
//   - Response.Destroy closes the connection, since nothing else can tell the
//     client that its response is not complete.
//   - Server.SetTimeout counts what is read and written on the connection, until
//     it is upgraded; Options has bounds of its own beside it. Of the Timeouts of
//     the server BodyIdle applies, and ends the connection.
//   - Performance, Diagnostics and Trace are about HTTP/2, and told nothing.
package http1
