package events

import (
	"bytes"
	"net"
	"runtime/debug"
	"time"

	"weft/core"
	"weft/transport"
)

// ServeConn makes a session of a connection that was accepted elsewhere, or of
// anything like one, and returns it. head is what was read from it already, if
// anything. A *tls.Conn, or one of transport/tls, is taken as it is, by a
// SecureServer, too. ServeConn does not wait for the session's end; with TLS it
// waits for the handshake, and with AllowHTTP1 for the first bytes; the session
// is nil then if HTTP/1.1 is spoken. The connection is closed when the session
// ends.
//
// Errors: ErrInvalidArgType for nil, ErrServerClosed, ErrSocketBound, ErrInvalidArg
// for what the option Transport contradicts, those of the handshake, and ErrInvalidProtocol if TLS did not negotiate HTTP/2, in which
// case a listener of the unknownProtocol event has the connection.
func (srv *Server) ServeConn(conn net.Conn, head ...[]byte) (*ServerSession, error) {
	if conn == nil {
		return nil, ErrInvalidArgType.with(`The "socket" argument must be an instance of Duplex. Received nil`)
	}
	made := make(chan *ServerSession, 1)
	failed := make(chan error, 1)
	go func() {
		if err := srv.serve(conn, bytes.Join(head, nil), made, false); err != nil {
			failed <- err
		}
	}()
	select {
	case ss := <-made:
		return ss, nil
	case err := <-failed:
		return nil, err
	}
}

// serve makes a session of a connection, and leaves it to a goroutine of its
// own; what HTTP/1.1 is spoken on it runs to its end. The session is put into
// made as soon as it exists; an error means that none was made. ours: nobody else
// has had the connection.
func (srv *Server) serve(raw net.Conn, head []byte, made chan<- *ServerSession, ours bool) error {
	conn := raw
	if !bind(raw) {
		return ErrSocketBound
	}
	isBound := true
	defer func() {
		if isBound {
			unbind(raw)
		}
	}()
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		conn.Close()
		return ErrServerClosed
	}
	srv.pumps++
	srv.mu.Unlock()
	var ss *ServerSession
	taken := false // by a pump that goes on when serve returns
	defer func() {
		if !taken {
			srv.pumpEnded(ss)
		}
	}()
	listeners := srv.onConnection.take()
	for _, f := range listeners {
		if !srv.guard(func() { f(conn) }) {
			conn.Close()
			return ErrInvalidSession.with("A callback of the connection event panicked")
		}
	}
	if srv.wrap != nil {
		if len(head) > 0 {
			conn, head = &headConn{conn, head}, nil
		}
		conn = srv.wrap(conn)
	}
	speaks, err := srv.negotiate(conn)
	if speaks == unsaid {
		head, speaks, err = srv.peek(conn, head)
	}
	if err == nil {
		err = srv.opts.checkConn(conn)
	}
	switch {
	case err != nil:
		conn.Close()
		return err
	case speaks == http1:
		if len(head) > 0 {
			conn = &headConn{conn, head}
		}
		if made != nil {
			made <- nil
		}
		ss = srv.serveHTTP1(conn)
		return nil
	case speaks == nothing:
		unbind(raw) // whoever takes it over may give it to another server
		isBound = false
		return srv.unknown(conn)
	}
	ss, err = srv.newSession(srv.opts.Now(), conn)
	if err != nil {
		conn.Close()
		return err
	}
	if made != nil {
		made <- ss
	}
	opts := transport.Options{Now: srv.opts.Now}
	if srv.carrier != core.TransportEncrypted && len(head) == 0 {
		opts.HoldFirstWrite = transport.DefaultHold
	}
	if len(head) > 0 {
		ss.Receive(srv.opts.Now(), head)
	}
	if srv.opts.Pump == nil {
		// This goroutine ends, and the stack with it that all this took, the
		// handshake of TLS above all.
		taken, isBound = true, false
		ss.mayWait()
		ended := func(error) {
			unbind(raw)
			srv.pumpEnded(ss)
		}
		if ours && len(listeners) == 0 && srv.opts.Trace == nil {
			srv.loops.Start(srv.ctx, conn, ss, opts, ended)
		} else { // somebody may close it behind our back
			transport.Start(srv.ctx, conn, ss, opts, ended)
		}
		return nil
	}
	err = srv.opts.Pump(srv.ctx, conn, ss, opts, func(error) {
		unbind(raw)
		srv.pumpEnded(ss)
	})
	if taken = err == nil; taken {
		isBound = false
	} else {
		conn.Close()
		ss.ReceiveEOF(srv.opts.Now(), err)
	}
	return err
}

// guard runs a callback that belongs to no session. It reports false if that
// panicked.
func (srv *Server) guard(f func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			srv.opts.logger().Error("weft: panic in a callback of a server", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

// NewSession makes a session of the server's that is driven by whoever calls
// its transport.Endpoint methods: a mem.Link, or a loop of the caller's. In all
// else it is like those of accepted connections. now is when it begins.
//
// Errors: ErrServerClosed.
func (srv *Server) NewSession(now time.Time) (*ServerSession, error) {
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		return nil, ErrServerClosed
	}
	srv.pumps++
	srv.mu.Unlock()
	ss, err := srv.newSession(now, nil)
	if err != nil {
		srv.pumpEnded(nil)
		return nil, err
	}
	ss.unpumped = true
	return ss, nil
}

// newSession makes a session and takes it among those of the server.
func (srv *Server) newSession(now time.Time, conn net.Conn) (*ServerSession, error) {
	ss, err := newServerSession(now, srv.sessionOptions(), srv.opts.carrierOf(conn, srv.carrier), srv)
	if err != nil {
		return nil, err
	}
	if conn == nil {
		ss.clock = srv.clock // its time is that of its loop
	}
	ss.carriedBy(conn, srv.carrier)
	ss.trace = srv.opts.traceOf(conn)
	srv.mu.Lock()
	srv.sessions[ss] = true
	closed, timeout := srv.closed, srv.timeout
	srv.mu.Unlock()
	if len(srv.origins) > 0 {
		ss.sendOrigin(srv.origins)
	}
	if timeout > 0 {
		ss.byServer = true
		ss.SetTimeout(timeout, nil)
	}
	if closed {
		ss.Close()
	}
	return ss, nil
}
