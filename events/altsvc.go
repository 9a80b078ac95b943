package events

import (
	"net/url"
	"strings"

	"weft/core"
)

// OnAltsvc registers f for each alternative service the server advertises
// (RFC 7838). origin is empty where the frame named none, and stream 0 where it
// belongs to no stream. Neither text is checked.
func (cs *ClientSession) OnAltsvc(f func(alt, origin string, stream StreamID)) Listener {
	mustListen("ClientSession.OnAltsvc", f == nil)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return Listener{&cs.mu, &cs.onAltsvc, cs.onAltsvc.add(f)}
}

// maxAltsvc is how long an ALTSVC frame's texts may be together, so that every
// peer takes the frame.
const maxAltsvc = 16382

// Altsvc advertises an alternative service for an origin (RFC 7838 §4): alt is
// a list such as `h2=":81"`, or "clear", and is sent as it is. origin is a URL,
// of which scheme, host and port count.
//
// Errors: ErrInvalidChar if alt is not ASCII, ErrInvalidURL and
// ErrAltsvcInvalidOrigin, ErrAltsvcLength, ErrInvalidSession.
func (ss *ServerSession) Altsvc(alt, origin string) error {
	if ss.Destroyed() {
		return ErrInvalidSession // whatever is wrong besides
	}
	o, err := originOf(origin)
	if err != nil {
		return err
	}
	if o == "" {
		return ErrAltsvcInvalidOrigin
	}
	return ss.sendAltsvc(alt, o, 0)
}

// AltsvcStream advertises an alternative service for the origin of a stream, which
// has to be open still.
//
// Errors: ErrInvalidChar, ErrAltsvcLength, ErrInvalidSession, ErrInvalidStream
// if there is no such stream, ErrOutOfRange for what is no stream's id.
func (ss *ServerSession) AltsvcStream(alt string, id StreamID) error {
	if ss.Destroyed() {
		return ErrInvalidSession
	}
	if id == 0 || id > core.MaxStreamID {
		return ErrOutOfRange.with(`The value of "originOrStream" is out of range. It must be > 0 && <= %d. Received %d`, core.MaxStreamID, id)
	}
	return ss.sendAltsvc(alt, "", id)
}

func (ss *ServerSession) sendAltsvc(alt, origin string, id StreamID) error {
	if !isPlain(alt) {
		return ErrInvalidChar.with("Invalid character in alt: it must be ASCII without control characters")
	}
	if len(alt)+len(origin) > maxAltsvc {
		return ErrAltsvcLength
	}
	ss.lock()
	defer ss.unlock()
	if ss.destroyed {
		return ErrInvalidSession
	}
	if id != 0 {
		switch ss.conn.StreamState(id) {
		case core.StateIdle, core.StateClosed, core.StateClosedByPeer, core.StateClosedByUs:
			return ErrInvalidStream // the client would know no origin of it
		}
	}
	ss.touched = true
	return misuse(ss.conn.AltSvc(id, origin, alt))
}

// isPlain reports whether s is printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// originOf returns the ASCII origin of a URL (RFC 6454 §6.2), "" if it has
// none.
func originOf(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return "", ErrInvalidURL.with("Invalid URL: %q", s)
	}
	port, ok := portOf(u)
	if !ok {
		return "", ErrInvalidURL.with("Invalid URL: %q", s)
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()) // RFC 6454 §4
	usual, has := wellKnown[scheme]
	switch {
	case host == "", !has, !isPlain(host):
		return "", nil
	case port != "" && port != usual:
		return scheme + "://" + bare(host) + ":" + port, nil
	}
	return scheme + "://" + bare(host), nil
}

// wellKnown has the schemes whose URLs have an origin, and their ports.
var wellKnown = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443", "ftp": "21"}

// onAltsvcFrame takes an advertisement of the server's.
func (cs *ClientSession) onAltsvcFrame(e *core.AltSvcReceived) {
	alt, origin, id := e.Value, e.Origin, e.Stream
	for _, f := range cs.onAltsvc.take(nil) {
		cs.call(func() { f(alt, origin, id) })
	}
}
