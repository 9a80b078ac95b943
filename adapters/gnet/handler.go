//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	engine "github.com/panjf2000/gnet/v2"

	"weft/transport"
)

// handler is what gnet calls, each loop on its own goroutine.
type handler struct {
	engine.BuiltinEventEngine
	loops *Loops
}

// OnOpen is called with a connection that is new, or has been read from before
// and is to be so again.
func (h *handler) OnOpen(sock engine.Conn) ([]byte, engine.Action) {
	c, ok := sock.Context().(*conn)
	if !ok {
		sock.Context().(*loop).opened(sock.EventLoop())
		return nil, engine.None
	}
	c.within = true
	if c.loop == nil {
		c.loop = h.loops.on(sock.EventLoop())
		c.open(sock)
	} else {
		c.attached(sock)
	}
	return nil, c.leave()
}

func (h *handler) OnTraffic(sock engine.Conn) engine.Action {
	p, _ := sock.Next(-1)
	if len(p) == 0 {
		return engine.None
	}
	if l, ok := sock.Context().(*loop); ok {
		l.heard()
		return engine.None
	}
	c, _ := sock.Context().(*conn)
	if c == nil {
		return engine.None
	}
	c.within = true
	c.receive(p)
	return c.leave()
}

// OnClose is called before gnet closes the descriptor: input is over, or we
// wanted it to let go.
func (h *handler) OnClose(sock engine.Conn, err error) engine.Action {
	c, _ := sock.Context().(*conn)
	if c == nil || c.sock == nil {
		return engine.None
	}
	sock.SetContext(nil)
	switch {
	case c.parking:
		c.parked()
	case err == io.EOF: // not that of a read, which gnet wraps
		c.inputBroke()
	default:
		c.inputEnded(closeError(err))
	}
	return engine.None
}

// closeError says what gnet's error means.
func closeError(err error) *transport.CloseError {
	switch {
	case err == nil: // the loops end
		return &transport.CloseError{Kind: transport.CloseLocal, Err: net.ErrClosed}
	case errors.Is(err, io.EOF):
		return &transport.CloseError{Kind: transport.CloseEOF, Err: io.EOF}
	}
	return brokenBy(err, transport.CloseRead)
}

func brokenBy(err error, otherwise transport.CloseKind) *transport.CloseError {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNABORTED) {
		otherwise = transport.CloseReset
	}
	return &transport.CloseError{Kind: otherwise, Err: err}
}

func systemError(call string, err error) error { return os.NewSyscallError(call, err) }
