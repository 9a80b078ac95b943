package events

import (
	"slices"

	"weft/core"
)

// OnOrigin registers f for the origins that an ORIGIN frame of the server names
// (RFC 8336), over TLS only. OriginSet holds them by then.
func (cs *ClientSession) OnOrigin(f func(origins []string)) Listener {
	mustListen("ClientSession.OnOrigin", f == nil)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return Listener{&cs.mu, &cs.onOrigin, cs.onOrigin.add(f)}
}

// Origin tells the client for which origins the server answers, by an ORIGIN
// frame (RFC 8336). Each is a URL, of which scheme, host and port count.
//
// Errors: ErrInvalidURL, ErrInvalidOrigin, ErrOriginLength if they don't fit
// one frame, ErrInvalidSession.
func (ss *ServerSession) Origin(origins ...string) error {
	if ss.Destroyed() {
		return ErrInvalidSession // whatever is wrong besides
	}
	list, err := originList(origins)
	if err != nil {
		return err
	}
	ss.lock()
	defer ss.unlock()
	if ss.destroyed {
		return ErrInvalidSession
	}
	return ss.sendOrigin(list)
}

func (ss *ServerSession) sendOrigin(list []string) error {
	if len(list) == 0 {
		return nil
	}
	ss.touched = true
	return misuse(ss.conn.Origin(list...))
}

// originList returns the origins to send.
func originList(urls []string) ([]string, error) {
	list := make([]string, 0, len(urls))
	size := 0
	for _, u := range urls {
		o, err := originOf(u)
		if err != nil {
			return nil, err
		}
		if o == "" {
			return nil, ErrInvalidOrigin.with("HTTP/2 ORIGIN frames require a valid origin: %q", u)
		}
		size += 2 + len(o)
		list = append(list, o)
	}
	if size > 16382 {
		return nil, ErrOriginLength
	}
	return list, nil
}

// OriginSet returns the origins the session may be used for (RFC 8336 §2.3):
// that of the connection, and over TLS those the server has named. It is nil
// without TLS, and before the session is connected.
func (s *Session) OriginSet() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.encrypted || s.conn == nil || s.destroyed {
		return nil
	}
	if s.rare == nil {
		return nil
	}
	return slices.Clone(s.rare.origins)
}

// addOrigins takes origins that are new to the set; the core bounds it.
func (s *Session) addOrigins(list []string) {
	r := s.rarely()
	for _, o := range list {
		if !slices.Contains(r.origins, o) {
			r.origins = append(r.origins, o)
		}
	}
}

// onOriginFrame takes the origins the server names. Without TLS they mean
// nothing (RFC 8336 §2.3).
func (cs *ClientSession) onOriginFrame(e *core.OriginReceived) {
	if !cs.encrypted {
		return
	}
	list := slices.Clone(e.Origins)
	cs.addOrigins(list)
	for _, f := range cs.onOrigin.take(nil) {
		cs.call(func() { f(list) })
	}
}
