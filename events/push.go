package events

// PushStream promises a response to a request the client did not make, and
// returns the stream to give it on. Of the request :method is GET, and :scheme,
// :authority and :path are those of this one unless given.
//
// Errors: ErrPushDisabled, ErrNestedPush, ErrInvalidStream, ErrOutOfStreams,
// and those of Respond about fields.
func (st *ServerStream) PushStream(h Headers) (*ServerStream, error) {
	st.s.lock()
	defer st.s.unlock()
	s := st.s
	switch {
	case s.destroyed || !s.conn.PeerSettings().EnablePush:
		return nil, ErrPushDisabled
	case st.is(isPush):
		return nil, ErrNestedPush
	case st.is(isDestroyed | isClosed):
		return nil, ErrInvalidStream
	}
	full := requestFields(h, func(name string) string {
		if name == ":path" {
			return "/"
		}
		if name == ":authority" && !st.headers.Has(name) {
			name = "host"
		}
		return st.headers.Get(name)
	})
	if err := s.checkSingle(full); err != nil {
		return nil, err
	}
	id, err := s.conn.Push(s.time(), st.id, full)
	if err != nil {
		return nil, refused(err, full)
	}
	s.touched = true
	push := &ServerStream{headers: Headers{full}}
	push.s, push.server, push.id = s, push, id
	push.set(isPush | gotEnd | noMoreIn | saidEnd)
	if push.headers.Method() == "HEAD" {
		push.set(isHead)
	}
	s.link(&push.Stream)
	if s.watcher != nil {
		s.watcher.created(&push.Stream, push.headers)
		s.watcher.started(&push.Stream, push.headers)
	}
	s.mapped(&push.Stream)
	return push, nil
}
