// Package verb is a small application server in the manner of Express, on
// package events: routes, middleware, and a request and a response that know
// JSON, forms and cookies.
//
//	app := verb.CreateServer(verb.HTTP2)
//	app.Get("/users/:id", func(req *verb.Request, res *verb.Response) error {
//		return res.JSON(map[string]string{"id": req.Param("id")})
//	})
//	addr, err := app.Listen(8080)
//
// # The way of a request
//
// What was registered with Use, Get and so on is tried in the order of
// registration. A middleware does its part and calls next, or answers and does
// not; a handler answers, or returns an error. An error goes to the error
// middlewares that were registered after whoever made it, and at last to an
// answer that tells the client no more than the status: see Error. A panic is
// an error like any other.
//
// Where no route has the path the answer is 404; where one has, but for other
// methods, it is 405 with the field allow. HEAD is answered by the route for
// GET, and OPTIONS, unless there is a route for it, with the methods there are.
//
// # Patterns
//
// A pattern is a path whose segments may be ":name", which captures one segment,
// and whose last may be "*" or "*name", which captures the rest, also an empty
// one. Segments are compared after their escapes were undone, and upper and
// lower case are different letters; a slash at the end of a path does not count.
// A pattern that makes no sense is a panic when it is registered, as with
// http.ServeMux; so is a handler or middleware that is nil.
//
// # Goroutines
//
// Requests are served in goroutines, as in net/http, which those that come
// together share as long as their handlers return at once. Handlers may block,
// reading the body or writing the response, and what belongs to a connection
// goes on meanwhile. When the handler has returned, the response is ended if it
// was not. The request keeps its place under the limit of concurrent streams
// until then. See events.InGoroutine, and Options.Inline for handlers that wait
// for nothing.
//
// The methods of an App may be called from any goroutine. A Request and a
// Response belong to the goroutine that serves them.
//
// # Pushes
//
// Response.Push promises what the client is about to need, and is given its body
// like any response (RFC 9113 §8.4):
//
//	res.Push("/style.css", verb.PushOptions{Headers: events.H("content-type", "text/css")}).End(style)
//	return res.HTML(page)
//
// What becomes of a push never harms the response it comes with. Browsers take
// no pushes any more, and say so: Response.CanPush is false, and EarlyHints are
// for them. Push little: what a first visit needs at once. A ServerPushCache
// learns what that is, and policies say who needs none of it: AcceptsPush,
// NotCached, FirstVisit.
//
// # WebSockets
//
// A route of App.WebSocket is for requests that ask for a WebSocket, by HTTP/2 and
// by HTTP/1.1 alike; Response.Upgrade makes one of the request. See WebSocket for
// the two ways to use it. With the first such route the server announces that
// there are any. Shutdown closes those that are open.
//
// # net/http
//
// An App is an http.Handler, so that it can be part of a program on net/http;
// HTTP makes a Handler of an http.Handler, and Wrap a middleware of one for
// net/http. By net/http there is no Stream, and there are no WebSockets.
package verb
