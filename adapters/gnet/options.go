package gnet

import (
	"errors"
	"log/slog"
)

// Options adjust Start. The zero Options are ready for use.
type Options struct {
	// Loops is how many event loops there are, each with a goroutine; default
	// runtime.GOMAXPROCS, 1 to 255. A new connection goes to the loop that has
	// the fewest, and stays there.
	Loops int

	// Logger gets what gnet itself has to say: what goes wrong with a poller as
	// errors, all else for debugging. Default slog.Default. gnet has one logger
	// for the whole process: the last one counts.
	Logger *slog.Logger
}

func (o *Options) logger() *slog.Logger {
	if o.Logger == nil {
		return slog.Default()
	}
	return o.Logger
}

// ErrNotTCP is what Pump returns for anything but a *net.TCPConn: an event loop
// needs the descriptor of a socket, and TLS is between it and HTTP/2.
var ErrNotTCP = errors.New("weft/gnet: an event loop carries cleartext HTTP/2 on a *net.TCPConn")
