package events

// Unref has Server.Wait, and on a client ClientSession.Wait, not wait for the
// session: the program may end without it. Doing it again does nothing.
func (s *Session) Unref() { s.setRef(false) }

// Ref undoes Unref.
func (s *Session) Ref() { s.setRef(true) }

func (s *Session) setRef(on bool) {
	if s.server != nil {
		if srv := s.server.owner; srv != nil {
			srv.setRef(s.server, on)
		}
		return
	}
	cs := s.client
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case on == !cs.unref:
	case on:
		cs.unref, cs.letGo = false, make(chan struct{})
	default:
		cs.unref = true
		close(cs.letGo)
	}
}

func (srv *Server) setRef(ss *ServerSession, on bool) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if on != ss.uncounted || ss.gone {
		return
	}
	ss.uncounted = !on
	if on {
		srv.unrefs--
	} else {
		srv.unrefs++
	}
	close(srv.changed)
	srv.changed = make(chan struct{})
}
