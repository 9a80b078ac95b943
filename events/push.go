package events

import (
	"errors"

	"weft/core"
)

// PushOptions say where a pushed stream stands among the others (RFC 7540
// §5.3). Its weight can only be changed later, by Priority.
type PushOptions struct {
	// Exclusive makes the stream the only one that depends on Parent.
	Exclusive bool
	// Parent is the stream this one depends on; 0, the default, is the root.
	Parent StreamID
}

// errPushAfterClose: a stream that was closed takes no pushes, as in Node.
var errPushAfterClose = ErrPushDisabled.caused(ErrInvalidStream)

// PushStream promises a response to a request the client did not make, and
// returns the stream to give it on. Of the request :method is GET, and :scheme,
// :authority and :path are those of this one unless given. It is possible until
// the response's end, and directly after an End within the same turn.
//
// Errors: ErrPushDisabled, on a stream or session that is closed as well (of a
// stream that is, the error matches ErrInvalidStream, too), ErrInvalidStream when
// the response's end is on its way, ErrNestedPush, ErrOutOfStreams, ErrInvalidArg for a stream that would depend
// on itself, ErrHTTP2 for a promise longer than MaxSendHeaderBlockLength, and
// those of Respond about fields.
func (st *ServerStream) PushStream(h Headers, opts ...PushOptions) (*ServerStream, error) {
	st.s.lock()
	defer st.s.unlock()
	push := new(ServerStream)
	push.role = asServer
	if err := st.push(h, push, opts); err != nil {
		return nil, err
	}
	return push, nil
}

// push makes a stream the promised one.
func (st *ServerStream) push(h Headers, push *ServerStream, opts []PushOptions) error {
	s := st.s
	switch {
	case s.closing, !s.conn.PeerSettings().EnablePush:
		return ErrPushDisabled
	case st.unusable():
		return errPushAfterClose
	case st.is(isPush):
		return ErrNestedPush
	}
	full := requestFields(h, func(name string) string {
		if name == ":path" {
			return "/"
		}
		if name == ":authority" && !st.Headers().Has(name) {
			name = "host"
		}
		return st.Headers().Get(name)
	})
	if err := s.checkSingle(full); err != nil {
		return err
	}
	if s.promiseTooLong(full) {
		e := ErrHTTP2.with("The promise is longer than MaxSendHeaderBlockLength")
		e.HTTP2 = core.FrameSizeError
		return e
	}
	var o PriorityOptions
	if len(opts) > 0 {
		one, err := only(opts)
		if err != nil {
			return err
		}
		o.Exclusive, o.Parent = one.Exclusive, one.Parent
		if err := checkParent(s.conn.Info().NextStream, o.Parent); err != nil {
			return err
		}
	}
	id, err := s.conn.Push(s.time(), st.id, full)
	switch {
	case errors.Is(err, core.ErrStreamState): // the response's end is said
		return ErrInvalidStream.caused(err)
	case err != nil:
		return refused(err, full)
	}
	s.touched = true
	if o != (PriorityOptions{}) {
		if err := s.conn.Prioritize(id, o.priority(), true); err != nil {
			return misuse(err)
		}
	}
	push.keepHeaders(Headers{full})
	push.s, push.id = s, id
	push.set(isPush | gotEnd | noMoreIn)
	if push.Headers().Method() == "HEAD" {
		push.set(isHead)
	}
	s.link(&push.Stream)
	if s.watcher != nil {
		s.watcher.created(&push.Stream, push.Headers())
		s.watcher.started(&push.Stream, push.Headers())
	}
	s.mapped(&push.Stream)
	return nil
}
