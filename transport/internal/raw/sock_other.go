//go:build !unix

package raw

import (
	"net"

	"weft/transport/internal/pool"
)

// Sock is not available on this system.
type Sock struct{}

// New reports that this system has no such sockets: the transports then use
// blocking reads and writes.
func New(net.Conn) (*Sock, bool) { return nil, false }

// Init reports false.
func (*Sock) Init(net.Conn) bool { return false }

func (*Sock) AtLeast(int) bool                   { panic("unreachable") }
func (*Sock) Control(func(uintptr)) error        { panic("unreachable") }
func (*Sock) Warm()                              { panic("unreachable") }
func (*Sock) CloseWrite() error                  { panic("unreachable") }
func (*Sock) Close() error                       { panic("unreachable") }
func (*Sock) Interrupt()                         { panic("unreachable") }
func (*Sock) Read() (*pool.Input, int, error)    { panic("unreachable") }
func (*Sock) TryRead() (*pool.Input, int, error) { panic("unreachable") }
func (*Sock) TryWrite(p []byte) (int, error)     { panic("unreachable") }
func (*Sock) Write(p []byte) (int, error)        { panic("unreachable") }
func (*Sock) TryWriteVec(*Vec) (int, error)      { panic("unreachable") }
func (*Sock) WriteVec(*Vec) (int, error)         { panic("unreachable") }
