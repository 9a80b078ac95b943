package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Options adjust sockets. The zero Options are ready for use. Nagle's algorithm
// is always off.
type Options struct {
	// KeepAlive is how long a connection may be silent before the kernel
	// probes it, and the time between two probes; default 15 s, negative: no
	// probes. The connection breaks after nine of them.
	KeepAlive time.Duration

	// ReusePort lets several listeners, in one process or in several, share
	// an address, if all of them ask for it. Linux spreads connections over
	// them; where a system cannot share, Listen fails. For Dial it is an error.
	ReusePort bool

	// Timeout bounds Dial, in addition to its context; default none, negative:
	// an error. So it is for Listen.
	Timeout time.Duration
}

const (
	defaultKeepAlive = 15 * time.Second
	keepAliveProbes  = 9
)

func (o Options) keepAlive() net.KeepAliveConfig {
	if o.KeepAlive < 0 {
		return net.KeepAliveConfig{Enable: false}
	}
	every := o.KeepAlive
	if every == 0 {
		every = defaultKeepAlive
	}
	return net.KeepAliveConfig{Enable: true, Idle: every, Interval: every, Count: keepAliveProbes}
}

// Listen listens on an address such as "localhost:8080", ":0" or "[::1]:80".
// The listener's connections have the options applied. An address that is in
// use is an error that matches syscall.EADDRINUSE.
func Listen(ctx context.Context, addr string, opts Options) (*net.TCPListener, error) {
	if opts.Timeout != 0 {
		return nil, fmt.Errorf("weft/tcp: Timeout is %v, but Listen does not wait: it is for Dial", opts.Timeout)
	}
	lc := net.ListenConfig{KeepAliveConfig: opts.keepAlive()}
	if opts.KeepAlive < 0 {
		lc.KeepAlive = -1
	}
	if opts.ReusePort {
		lc.Control = reusePort
	}
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("weft/tcp: listening on %s gave a %T", addr, l)
	}
	return tcp, nil
}

// Dial connects to an address such as "example.org:80". Where a name has
// addresses of both families, they are tried as RFC 6555 says.
//
// Errors: those of net.Dialer, and for options that are about listeners.
func Dial(ctx context.Context, addr string, opts Options) (*net.TCPConn, error) {
	switch {
	case opts.Timeout < 0:
		return nil, fmt.Errorf("weft/tcp: Timeout is %v, must be 0 or positive", opts.Timeout)
	case opts.ReusePort:
		return nil, errors.New("weft/tcp: ReusePort is for Listen")
	}
	d := net.Dialer{KeepAliveConfig: opts.keepAlive(), Timeout: opts.Timeout}
	if opts.KeepAlive < 0 {
		d.KeepAlive = -1
	}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("weft/tcp: dialling %s gave a %T", addr, conn)
	}
	return tcp, nil
}
