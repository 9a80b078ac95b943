package events

import (
	"errors"
	"net"
	"reflect"
	"sync"
)

// bound are the connections that carry a session now.
var bound struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// bind notes that a session takes a connection, and reports false if another
// one has it.
func bind(conn net.Conn) bool {
	if !reflect.ValueOf(conn).Comparable() {
		return true
	}
	bound.mu.Lock()
	defer bound.mu.Unlock()
	if _, taken := bound.conns[conn]; taken {
		return false
	}
	if bound.conns == nil {
		bound.conns = make(map[net.Conn]struct{})
	}
	bound.conns[conn] = struct{}{}
	return true
}

func unbind(conn net.Conn) {
	if reflect.ValueOf(conn).Comparable() {
		bound.mu.Lock()
		defer bound.mu.Unlock()
		delete(bound.conns, conn)
	}
}

// headConn is a connection of which something was read already.
type headConn struct {
	net.Conn
	head []byte
}

func (c *headConn) Read(p []byte) (int, error) {
	if len(c.head) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.head)
	c.head = c.head[n:]
	return n, nil
}

// CloseWrite ends the output, on connections that can.
func (c *headConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
