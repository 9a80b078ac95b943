//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package gnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"

	"weft/transport"
)

// Loops are the event loops that carry connections. There are none on this
// system.
type Loops struct{}

// Start fails: errors.ErrUnsupported.
func Start(Options) (*Loops, error) {
	return nil, fmt.Errorf("weft/gnet: no event loops on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Pump fails: errors.ErrUnsupported.
func (*Loops) Pump(context.Context, net.Conn, transport.Endpoint, transport.Options, func(error)) error {
	return errors.ErrUnsupported
}

// Close does nothing.
func (*Loops) Close() error { return nil }
