// Package mem connects two sides inside one process.
//
// Pipe is a pair of net.Conns with a buffer between them: deadlines, half-close
// and resets work as on a socket, and they may be pumped by transport.Run.
// Listener hands such pairs to a server.
//
// Link joins two endpoints without goroutines, on virtual time. Everything
// that happens on it follows from its Options, the seed among them, and from
// what the endpoints do: run twice, it delivers the same bytes in the same
// pieces at the same times. Time jumps to the next thing that happens, so that
// a minute of silence costs nothing.
package mem
