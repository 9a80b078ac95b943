package events

import (
	"crypto/tls"
	"net"
	"strconv"

	"weft/core"
)

// carriedBy notes what carries the session: a connection, or with nil a loop of
// the caller's. If its kind is unknown, the option Transport speaks for it.
func (s *Session) carriedBy(conn net.Conn, kind core.Transport) {
	s.carrier = conn
	if c, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		s.encrypted = true
		if name := c.ConnectionState().ServerName; name != "" && s.server != nil {
			s.addOrigins([]string{serverOrigin(name, conn.LocalAddr())})
		}
	}
	if kind == core.TransportUnknown {
		kind = s.opts.Transport
	}
	s.encrypted = s.encrypted || kind == core.TransportEncrypted
}

// serverOrigin is the origin a client asked for by a name, at an address.
func serverOrigin(name string, at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.Port != 443 {
		return "https://" + net.JoinHostPort(name, strconv.Itoa(tcp.Port))
	}
	return "https://" + name
}

// carrierOf is what carries a connection of a server's that is known to be of
// some kind, or not. A socket that nobody has done a handshake on is in the clear
// (RFC 9110 §7.4), unless the option Transport says what is in front of it.
func (o *SessionOptions) carrierOf(conn net.Conn, known core.Transport) core.Transport {
	if o.Transport != core.TransportUnknown {
		return o.Transport
	}
	if known != core.TransportUnknown {
		return known
	}
	switch conn.(type) {
	case interface{ ConnectionState() tls.ConnectionState }:
		return core.TransportEncrypted
	case *net.TCPConn:
		return core.TransportCleartext
	}
	return known
}

// checkTransport finds an option Transport that contradicts what the session is
// carried by.
func (o *SessionOptions) checkTransport(kind core.Transport) error {
	if o.Transport != core.TransportUnknown && o.Transport != core.TransportAny && kind != core.TransportUnknown && o.Transport != kind {
		return ErrInvalidArg.with("The option Transport contradicts what carries the session; leave it unset")
	}
	return nil
}

// checkConn does so where that is seen only now.
func (o *SessionOptions) checkConn(conn net.Conn) error {
	if _, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		return o.checkTransport(core.TransportEncrypted)
	}
	return nil
}
