// Package gnet carries connections by HTTP/2 on event loops of another make
// than those of package transport, which a server uses by itself where it can:
// these have the sockets to themselves, which saves the runtime's part of each.
// A loop is one goroutine with one poller, and reads, turns and writes of all
// its connections happen on it. The loops are those of
// github.com/panjf2000/gnet/v2; a module of its own keeps it out of programs
// that do not import this package.
//
//	loops, err := gnet.Start(gnet.Options{})
//	server, err := events.CreateServer(events.ServerOptions{Pump: loops.Pump})
//	addr, err := server.Listen("localhost:8080")
//	…
//	server.Shutdown(ctx)
//	loops.Close()
//
// The module is not published under its name: see the README of weft for how to
// require it.
//
// In all else the server is like any other. What it pays off for is tens of
// thousands of connections that mostly idle: each takes about a KiB less than with
// transport.Loops, and needs no Linux for it. A callback that blocks holds up all
// connections of its loop, though, and work that takes long should be done
// elsewhere: a stream may be written to from any goroutine.
//
// Only cleartext HTTP/2 with prior knowledge goes this way, on TCP sockets.
// events.CreateSecureServer refuses the option with an error; put TLS in front,
// or use the goroutines. Connections that turn out to speak HTTP/1.1, with the
// option AllowHTTP1, are not the loops' affair either and have their goroutine.
//
// # How it works
//
// Pump is a transport.Pump: it takes any transport.Endpoint, be that a session of
// package events or a core.Conn in a transport.Driver, and knows no frame. What
// it does with one is what transport.Run does, and it ends the same ways, with
// the same *transport.CloseError:
//
//   - A read is a turn, and what the turn has to say is written at its end with
//     one system call, into a socket that does not block. Until then the endpoint
//     has a buffer of the loop's; an idle connection has none. A read brings 8 KiB
//     or less, so that a connection has the loop for no more than 1,024 frames.
//   - What somebody says outside of turns has the connection queued, and its loop
//     woken, once for as many connections as there are by then.
//   - Deadlines are in a heap for each loop, before one timer.
//   - A socket that is full is left alone until it can be written to again, which
//     a second poller tells, one for all loops. No more output is taken from the
//     endpoint meanwhile, and Wrote tells exactly what the socket took: gnet's own
//     Write is not used, for it takes everything and tells nothing.
//   - An endpoint that pauses, since too much that its peer caused waits to be
//     written, has its connection taken out of gnet, which reads whatever it has,
//     and given back when it goes on. What the peer sends meanwhile waits in the
//     socket, whose window closes.
//   - A peer that has ended its output still gets what there is for it. Having
//     said all, the endpoint's side is closed first and input discarded for
//     Options.Linger of package transport.
//
// There is no goroutine for a connection in any of these states. What an idle
// connection holds after a request, a second later, is 3.4 KiB of heap: the
// records of events.ServerSession and core.Conn, a KiB each, its tables of header
// compression, a fifth of a KiB here and half a KiB in gnet and net. Until the
// next garbage collection it looks like 1 KiB more: the first request's.
//
// Work that never ends on one connection lets the others of its loop go first
// after every eighth write, and the loop look at its sockets, for which it wakes
// itself through a pair of sockets. Between two writes the connection's own
// input is read, a KiB of it: it may be about what is more urgent. For the same
// reason, on Linux, a socket takes only 128 KiB beyond what it has sent. Deadlines
// are kept to a millisecond, so that many that are close together are dealt with
// at once.
//
// # Where it goes
//
// Linux, the BSDs and macOS, as gnet does, without gnet's build tag poll_opt.
// Elsewhere Start fails with errors.ErrUnsupported. On other systems than Linux
// gnet reads what is left of a connection that its peer has ended in one go, 8 KiB
// after 8 KiB.
package gnet
