// Package ready tells which of many sockets have something to read, where the
// system can say so for all of them at once (Linux: epoll).
//
// Package net's own poller wakes one goroutine for each socket. A Set wakes one
// for all that are ready.
package ready

import "errors"

// ErrUnsupported is what New returns on systems that have no Set.
var ErrUnsupported = errors.New("weft: no sets of sockets on this system")

// Event says that a socket can be read.
type Event struct {
	// Slot and Gen are what Add was given.
	Slot, Gen int32
	// Last: the input has an end, or the socket an error, behind what can be
	// read.
	Last bool
}
