// Package events is HTTP/2 in the vocabulary of Node's http2 module: servers,
// sessions and streams that emit events, and methods that never block.
//
//	server, err := events.CreateServer(events.ServerOptions{})
//	server.OnStream(func(stream *events.ServerStream, headers events.Headers, _ events.Flags) {
//		stream.Respond(events.H("content-type", "text/plain"))
//		stream.EndString("hello, " + headers.Path())
//	})
//	addr, err := server.Listen("localhost:8080")
//
// A property of Node's is a method of the same name in Go's case (rstCode is
// RSTCode), an event x is registered for with OnX, options are the fields of a
// struct, and an error carries Node's code.
//
// # Turns and callbacks
//
// A session is driven by turns: bytes that came, or time that passed. In a
// turn it calls the functions registered for what happened.
//
//   - Callbacks of one session never run at the same time. They run in the
//     order things happened, and under no lock.
//   - Every method that is not documented as blocking may be called from any
//     goroutine and from inside any callback. No callback ever runs inside a
//     method call: it is queued, and runs after the present one has returned.
//     Two sessions that pipe into each other can't deadlock.
//   - What is said within a turn is sent at its end, in one write. What is said
//     elsewhere is sent at once. Session.Do runs a function as a turn of its
//     own: everything it sets up stands before anything else happens.
//   - A callback must not block, for the whole session waits for it. Who wants
//     to block takes the stream as a Duplex, by Stream.Blocking, and uses that
//     in a goroutine. Nor must a callback end its goroutine (runtime.Goexit, and
//     so FailNow of package testing), with which the session would stand still.
//
// # Bytes
//
// Write copies, accepts everything and says whether to wait for the drain
// event; what the application queues is the application's. What a peer can make
// a session queue is bounded: by the windows for what is received, by 64 KiB a
// stream and 8 MiB a connection for what SendFrom reads, by the limits of
// package core for everything else. The slice that a data callback gets is
// valid until it returns; only then may the peer send as much again.
//
// # Requests and responses
//
// Server.OnRequest is Node's Compatibility API: a Request and a Response in
// place of a stream, with header fields that are set one by one, statuses, and
// answers to what nobody listens for. Both stand on the stream, so what holds
// for streams holds for them: they never block. A handler that wants to block
// is made by InGoroutine, and uses Request.Body and Response.Blocking.
//
// # Ends
//
// A stream that was reset with an error code emits error; with NO_ERROR or
// CANCEL it only closes, and Stream.Complete tells whether the peer had said
// all. An error nobody listens for is logged. A panic in a callback of a stream
// ends that stream, with a response of status 500 if none was begun; in a
// callback of a session it ends that session, and in what a handshake or a dial
// calls, that connection. Objects of streams are not recycled: one that is over
// still tells its RSTCode, and refuses writes with an error.
//
// A stream keeps its place under the announced limit of concurrent streams
// until it is closed on the wire and released by whoever serves it: see
// ServerStream.Hold. A Duplex holds its stream until it is closed.
//
// # Without goroutines
//
// Sessions made by NewServerSession and NewClientSession are transport.Endpoints
// that start nothing by themselves: on a mem.Link the whole API runs in one
// goroutine and on virtual time, what somebody reads after the connection has
// ended included. A loop of your own gives such turns if it calls TurnsGoOn (see
// transport.Survivor). Server.NewSession makes a session that belongs to a
// server.
//
// # Reading the package
//
// session.go and stream.go have the two structs and their parts; turn.go is the
// loop that takes events from the core and runs callbacks, pending.go what a
// stream has to do in it. What comes in goes through read.go, what goes out
// through write.go and source.go; close.go and end.go are how streams and
// sessions end. server_*.go, client_*.go and connect.go are the two roles,
// server_request.go and response_*.go the Compatibility API, file*.go files as
// responses, session_limits.go and memory.go the bounds, watcher.go and meter.go
// what is measured. The rest is one concern a file.
package events
