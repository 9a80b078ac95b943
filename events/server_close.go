package events

import (
	"context"
	"time"

	"weft/core"
)

func (srv *Server) sessionEnded(ss *ServerSession) {
	srv.mu.Lock()
	delete(srv.sessions, ss)
	srv.mu.Unlock()
	if ss.unpumped {
		srv.pumpEnded(ss)
	}
}

func (srv *Server) pumpEnded(ss *ServerSession) {
	srv.mu.Lock()
	srv.pumps--
	if ss != nil {
		ss.gone = true
		if ss.uncounted {
			ss.uncounted = false
			srv.unrefs--
		}
	}
	close(srv.changed)
	srv.changed = make(chan struct{})
	srv.mu.Unlock()
	srv.maybeClosed()
}

func (srv *Server) maybeClosed() {
	srv.mu.Lock()
	say := srv.closed && srv.pumps == 0 && !srv.said
	srv.said = srv.said || say
	srv.mu.Unlock()
	if say {
		for _, f := range srv.onClose.take() {
			srv.guard(f)
		}
	}
}

// Close stops accepting connections. Sessions go on; the close event follows
// when the last one has ended. Connections by HTTP/1.1 are closed once they are
// idle.
//
// Errors: ErrServerClosed if it was closed before.
func (srv *Server) Close() error {
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		return ErrServerClosed
	}
	srv.closed = true
	for l := range srv.listeners {
		l.Close()
	}
	srv.mu.Unlock()
	if srv.http1 != nil {
		srv.peeked.close()
		srv.http1.Close()
	}
	go srv.maybeClosed() // no callback runs inside a method call
	return nil
}

// Shutdown closes the server and every session gracefully, and waits until the
// last connection has ended. When ctx is done before, the sessions that are
// left are destroyed and the context's error is returned; callbacks that do not
// return, which hold a connection up, are then waited for a second. It blocks, and
// must not be called from a callback.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.Close()
	for _, ss := range srv.all() {
		ss.Close()
	}
	err := srv.wait(ctx, true)
	if err == nil {
		return nil
	}
	srv.DestroyAll()
	last, cancel := context.WithTimeout(context.Background(), lastWait)
	defer cancel()
	srv.wait(last, true)
	return err
}

// lastWait is how long what was destroyed may take to end: no longer than a
// callback takes.
const lastWait = time.Second

// Wait waits until the server was closed and the last connection has ended,
// those of sessions after Unref aside. It blocks, and must not be called from a
// callback.
func (srv *Server) Wait() { srv.wait(context.Background(), false) }

func (srv *Server) wait(ctx context.Context, all bool) error {
	for {
		srv.mu.Lock()
		left, changed := srv.pumps, srv.changed
		if !all {
			left -= srv.unrefs
		}
		over := srv.closed && left == 0
		srv.mu.Unlock()
		if over {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// DestroyAll closes the server and ends every connection at once.
func (srv *Server) DestroyAll() {
	srv.Close()
	for _, ss := range srv.all() {
		ss.Destroy(nil, core.NoError)
	}
	if srv.http1 != nil {
		srv.http1.Destroy()
	}
	srv.cancel()
}

// all returns the sessions there are.
func (srv *Server) all() []*ServerSession {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	list := make([]*ServerSession, 0, len(srv.sessions))
	for ss := range srv.sessions {
		list = append(list, ss)
	}
	return list
}
