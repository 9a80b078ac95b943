package transport

import (
	"context"
	"net"
)

// Pump stands in for Run where connections are not to have a goroutine each:
// an event loop. It takes conn, pumps it through ep as Run would, and returns
// without waiting for the end; then ended is called, once and from any
// goroutine, with the error that Run would have returned, after the last call
// of a method of ep. When ctx is done the connection is closed at once.
//
// An error of Pump's own means that conn was not taken and not touched: it is
// the caller's to close, ep was not called, and ended will not be.
//
// weft/adapters/gnet has one.
type Pump func(ctx context.Context, conn net.Conn, ep Endpoint, opts Options, ended func(error)) error
