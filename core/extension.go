package core

import (
	"strings"

	"weft/core/frame"
)

// maxAltSvc bounds how much of an ALTSVC frame is kept.
const maxAltSvc = 1 << 10

// recvAltSvc handles ALTSVC (RFC 7838 §4). It is only reported, never acted
// on.
func (c *Conn) recvAltSvc(h frame.Header, p []byte) Event {
	f, err := frame.ParseAltSvc(h, p)
	switch {
	case c.client && err != nil:
		c.fail(FaultFrameSize)
		return nil
	case !c.client, // a server ignores it, whatever it holds
		(h.Stream == 0) == (len(f.Origin) == 0), // RFC 7838 §4: one names the origin, the other does not
		len(f.Origin)+len(f.Value) > maxAltSvc:
		c.charge(causeIgnored)
		return nil
	}
	ev := &c.rare().altSvc
	*ev = AltSvcReceived{h.Stream, string(f.Origin), string(f.Value)}
	return ev
}

// AltSvc sends ALTSVC (RFC 7838 §4); server only. On stream 0 the origin is
// named, on another it is the stream's and origin is empty.
//
// Errors: a *ConfigError for an origin that is missing or too much, or if both
// texts together exceed 16382 bytes; ErrNoStream for an id above MaxStreamID,
// ErrRole, ErrClosed.
func (c *Conn) AltSvc(id StreamID, origin, value string) error {
	switch {
	case c.closed():
		return ErrClosed
	case c.client:
		return ErrRole
	case id > MaxStreamID:
		return ErrNoStream
	case (id == 0) == (origin == ""):
		return &ConfigError{"origin", quoteIfNeeded(origin), "given on stream 0 and empty on any other"}
	case len(origin)+len(value)+2 > frame.DefaultMaxFrameSize:
		return &ConfigError{"ALTSVC", formatInt(len(origin)+len(value)) + " bytes", "at most 16382 bytes"}
	}
	c.out = frame.AppendAltSvc(c.out, id, origin, value)
	return nil
}

// originSet is what a server said it is authoritative for (RFC 8336 §2.3).
type originSet struct {
	list  []string
	bytes int
}

// maxOriginBytes bounds the origin set together with Limits.MaxOrigins.
const maxOriginBytes = 16 << 10

// recvOrigin handles ORIGIN (RFC 8336 §2).
func (c *Conn) recvOrigin(h frame.Header, p []byte) Event {
	const reservedFlags = 0x0f
	if !c.client || h.Stream != 0 || h.Flags&reservedFlags != 0 || c.cfg.transport == TransportCleartext {
		c.charge(causeIgnored)
		return nil
	}
	if c.origins == nil {
		c.origins = new(originSet)
	}
	known := len(c.origins.list)
	for rest := p; ; {
		origin, r, ok := frame.NextOrigin(rest)
		if !ok {
			break
		}
		rest = r
		if !isOrigin(string(origin)) || c.origins.has(string(origin)) {
			continue
		}
		if len(c.origins.list) >= c.cfg.MaxOrigins || c.origins.bytes+len(origin) > maxOriginBytes {
			c.charge(causeStreamError)
			break
		}
		c.origins.list = append(c.origins.list, string(origin))
		c.origins.bytes += len(origin)
	}
	if c.closed() {
		return nil
	}
	if len(c.origins.list) == known {
		c.charge(causeIgnored) // it said nothing new
		return nil
	}
	ev := &c.rare().origin
	*ev = OriginReceived{c.origins.list[known:]}
	return ev
}

func (o *originSet) has(origin string) bool {
	for _, k := range o.list {
		if k == origin {
			return true
		}
	}
	return false
}

// isOrigin accepts an ASCII origin: scheme, "://", host and perhaps a port
// (RFC 6454 §6.2). There are no wildcards.
func isOrigin(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	return ok && isScheme(scheme) && isAuthority(rest) && !strings.Contains(rest, "*")
}

// Origin sends ORIGIN with the given ASCII origins such as
// "https://example.org" (RFC 8336 §2); server only, TLS only for a client to
// heed it.
//
// Errors: a *ConfigError for what is no origin, or for more than 16384 bytes of
// them, 2 for each included; ErrRole, ErrClosed.
func (c *Conn) Origin(origins ...string) error {
	size := 0
	for _, o := range origins {
		if !isOrigin(o) {
			return &ConfigError{"origin", quoteIfNeeded(o), `like "https://example.org"`}
		}
		size += 2 + len(o)
	}
	switch {
	case c.closed():
		return ErrClosed
	case c.client:
		return ErrRole
	case size > frame.DefaultMaxFrameSize:
		return &ConfigError{"origins", formatInt(size) + " bytes", "at most 16384 bytes"}
	}
	c.out = frame.AppendOrigin(c.out, origins...)
	return nil
}
