package events

import (
	"errors"
	"net"
	"time"

	"weft/transport/tcp"
)

// Listen listens on a TCP address such as "localhost:8080" and serves there
// until Close. It does not wait.
//
// Errors: ErrServerClosed, and those of listening.
func (srv *Server) Listen(addr string) (net.Addr, error) {
	srv.mu.Lock()
	closed := srv.closed
	srv.mu.Unlock()
	if closed {
		return nil, ErrServerClosed
	}
	l, err := srv.listen(addr)
	if err != nil {
		return nil, err
	}
	if err := srv.listensOn(l); err != nil {
		return nil, err
	}
	go srv.accept(l)
	return l.Addr(), nil
}

func (srv *Server) listen(addr string) (net.Listener, error) {
	if c := srv.opts.ListenConfig; c != nil {
		return c.Listen(srv.ctx, "tcp", addr)
	}
	return tcp.Listen(srv.ctx, addr, tcp.Options{})
}

// Serve accepts connections from l until Close, and then returns
// ErrServerClosed; or until l fails. It blocks. l is closed in any case.
//
// Errors: ErrServerClosed, ErrInvalidArgType if l is nil, and that of l.
func (srv *Server) Serve(l net.Listener) error {
	if l == nil {
		return ErrInvalidArgType.with(`The "listener" argument must be a net.Listener. Received nil`)
	}
	if err := srv.listensOn(l); err != nil {
		return err
	}
	return srv.accept(l)
}

// listensOn has Close close l from now on, or does it if that is over.
func (srv *Server) listensOn(l net.Listener) error {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		l.Close()
		return ErrServerClosed
	}
	srv.listeners[l] = true
	return nil
}

func (srv *Server) accept(l net.Listener) error {
	defer l.Close()
	ours := false
	switch l.(type) {
	case *net.TCPListener, *net.UnixListener: // and not something around one
		ours = true
	}
	var wait time.Duration
	for {
		conn, err := l.Accept()
		if err != nil {
			srv.mu.Lock()
			closed := srv.closed
			delete(srv.listeners, l)
			if temporary, ok := err.(interface{ Temporary() bool }); !closed && ok && temporary.Temporary() {
				srv.listeners[l] = true
				srv.mu.Unlock()
				// Too many open files, say: that passes.
				wait = min(max(2*wait, 5*time.Millisecond), time.Second)
				srv.opts.logger().Warn("weft: accept failed, trying again", "error", err, "in", wait)
				select {
				case <-time.After(wait):
				case <-srv.ctx.Done():
				}
				continue
			}
			srv.mu.Unlock()
			if closed {
				return ErrServerClosed
			}
			for _, f := range srv.onError.take() {
				srv.guard(func() { f(err) })
			}
			return err
		}
		wait = 0
		go func() {
			if err := srv.serve(conn, nil, nil, ours); err != nil && !errors.Is(err, ErrServerClosed) {
				srv.opts.logger().Debug("weft: connection refused", "remote", conn.RemoteAddr(), "error", err)
			}
		}()
	}
}
