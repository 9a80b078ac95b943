package mem

import (
	"context"
	"net"
	"sync"
)

// Listener is a net.Listener whose connections are pipes. Its methods may be
// called from any goroutine.
type Listener struct {
	conns  chan *Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a Listener.
func Listen() *Listener {
	return &Listener{conns: make(chan *Conn), closed: make(chan struct{})}
}

// Accept returns the other end of a Dial. After Close it fails with an error that
// matches net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Dial connects to the listener. It waits until the connection is accepted.
//
// Errors: a *net.OpError that matches net.ErrClosed after Close, or the cause of
// ctx when that is done.
func (l *Listener) Dial(ctx context.Context) (*Conn, error) {
	ours, theirs := Pipe()
	var err error
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		err = net.ErrClosed
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return nil, &net.OpError{Op: "dial", Net: "mem", Addr: l.Addr(), Err: err}
}

// Close ends Accept and Dial. Connections live on. It returns nil.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns a made-up address.
func (l *Listener) Addr() net.Addr { return Addr("mem") }
