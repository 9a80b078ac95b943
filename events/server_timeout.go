package events

import (
	"time"

	"weft/core"
)

// OnTimeout registers f for when nothing happened on a session of the server's
// for the time given to SetTimeout. Without a listener such a session is
// destroyed. A connection by HTTP/1.1 has a session, too, which has no other use
// than to be destroyed.
func (srv *Server) OnTimeout(f func(session *ServerSession)) Listener {
	mustListen("Server.OnTimeout", f == nil)
	return srv.onTimeout.on(f)
}

// SetTimeout sets for how long nothing may happen on a session, 0, as at
// first, for ever, and registers f, if not nil, for the timeout event. It
// concerns connections accepted from now on. A negative d is ErrOutOfRange.
func (srv *Server) SetTimeout(d time.Duration, f func(session *ServerSession)) error {
	if d < 0 {
		return negativeTimeout(d)
	}
	srv.mu.Lock()
	srv.timeout = d
	srv.mu.Unlock()
	if f != nil {
		srv.onTimeout.on(f)
	}
	return nil
}

// Timeout returns what SetTimeout has set.
func (srv *Server) Timeout() time.Duration {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.timeout
}

// sessionTimedOut is part of a task of the session: it runs without its lock.
func (srv *Server) sessionTimedOut(ss *ServerSession) {
	list := srv.onTimeout.take()
	if len(list) == 0 {
		ss.Destroy(nil, core.NoError)
	}
	for _, f := range list {
		ss.guard(func() { f(ss) })
	}
}
