package events

import (
	"net"
	"strings"
	"sync"
	"time"
)

// serveHTTP1 serves a connection to its end, or until it is handed over. It
// returns the session of its exchanges, nil if there was none.
func (srv *Server) serveHTTP1(conn net.Conn) *ServerSession {
	c := &HTTP1Conn{srv: srv, conn: conn}
	if d := srv.Timeout(); d > 0 {
		c.quiet = newQuietConn(conn, d, c.timedOut)
	}
	srv.http1.ServeHTTP1(c)
	c.end()
	return c.ss
}

// preface is what a client that speaks HTTP/2 begins with (RFC 9113 §3.4), as
// far as it tells it from any request by HTTP/1.1.
const preface = "PRI * HTTP/2"

// peek finds out what is spoken on a connection without TLS, from its first
// bytes, which it returns. They have the time of a preface, from the beginning and
// however slowly they come: who says nothing may be of either kind.
func (srv *Server) peek(conn net.Conn, head []byte) ([]byte, spoken, error) {
	if !srv.peeked.add(&conn) {
		return nil, nothing, ErrServerClosed
	}
	defer srv.peeked.remove(&conn)
	conn.SetReadDeadline(time.Now().Add(min(srv.handshake, srv.prefaceTimeout())))
	for len(head) < len(preface) && strings.HasPrefix(preface, string(head)) {
		var p [len(preface)]byte
		n, err := conn.Read(p[:len(preface)-len(head)])
		head = append(head, p[:n]...)
		if err != nil && n == 0 {
			return nil, nothing, err
		}
	}
	conn.SetReadDeadline(time.Time{})
	if strings.HasPrefix(string(head), preface) {
		return head, http2, nil
	}
	return head, http1, nil
}

// prefaceTimeout is how long the preface of a client may take.
func (srv *Server) prefaceTimeout() time.Duration {
	if d := srv.sessionOptions().Timeouts.Preface; d > 0 {
		return d
	}
	return defaultPreface
}

const defaultPreface = 10 * time.Second // of core.Timeouts

// peeked are the connections on which nothing was said yet. They are idle:
// Close closes them.
type peeked struct {
	mu     sync.Mutex
	conns  map[*net.Conn]bool
	closed bool
}

func (p *peeked) add(conn *net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.conns == nil {
		p.conns = make(map[*net.Conn]bool)
	}
	p.conns[conn] = true
	return true
}

func (p *peeked) remove(conn *net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

func (p *peeked) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for conn := range p.conns {
		(*conn).Close()
	}
}
