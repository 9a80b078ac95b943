// Package tcp listens and dials with what HTTP/2 wants of a TCP socket: small
// segments leave at once, and a peer that vanished is noticed.
//
// The connections are *net.TCPConns; transport.Run pumps them without holding
// a buffer while they are idle.
package tcp
