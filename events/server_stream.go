package events

import (
	"errors"
	"slices"

	"weft/core"
)

// ServerStream is a request and its response, on the server.
type ServerStream struct {
	Stream
	headers *Field // of the request: Stream.headN of them
}

// RespondOptions modify a response.
type RespondOptions struct {
	// EndStream ends the response with its headers.
	EndStream bool
	// WaitForTrailers leaves the stream open after End, until SendTrailers:
	// the wantTrailers event says when. Beside EndStream it is ErrInvalidArg; a
	// response that has no body for its status, or for being to HEAD, has no
	// trailers either.
	WaitForTrailers bool
	// NoDate leaves out the date field, which is otherwise added unless
	// there is one.
	NoDate bool
}

// Session returns the stream's session, nil when it is destroyed.
func (st *ServerStream) Session() *ServerSession {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.is(isDestroyed) {
		return nil
	}
	return st.session()
}

func (st *ServerStream) session() *ServerSession { return st.s.server }

// Headers returns the request's header fields.
func (st *ServerStream) Headers() Headers { return unpack(st.headers, st.headN) }

func (st *ServerStream) keepHeaders(h Headers) { st.headers, st.headN = pack(h) }

// HeadersSent reports whether the response has begun.
func (st *ServerStream) HeadersSent() bool { return st.asks(sentHeaders) }

// PushAllowed reports whether the client takes pushes.
func (st *ServerStream) PushAllowed() bool {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return !st.is(isDestroyed|isClosed) && !st.s.closing && st.s.conn.PeerSettings().EnablePush
}

// Respond sends the response's headers. Without :status that is 200. The
// response to HEAD, and one with status 204, 205 or 304, ends with them.
//
// Errors: ErrHeadersSent, ErrInvalidStream, ErrStatusInvalid unless :status is
// 200 to 599, and those about fields: ErrInvalidPseudo, ErrInvalidToken,
// ErrInvalidChar, ErrInvalidHeaderValue, ErrInvalidConnection and
// ErrHeaderSingleValue; ErrInvalidArg for options that contradict each other or are
// given twice.
// Nothing is sent then, and another Respond may follow.
func (st *ServerStream) Respond(h Headers, opts ...RespondOptions) error {
	s := st.s
	s.lock()
	if len(opts) == 0 && st.mayDefer(h) {
		st.deferHeaders()
		s.mu.Unlock() // this is a turn: nobody is to be woken
		return nil
	}
	defer s.unlock()
	o, err := only(opts)
	if err != nil {
		return err
	}
	return st.respond(h, o)
}

func (st *ServerStream) respond(h Headers, o RespondOptions) error {
	switch {
	case st.unusable():
		return ErrInvalidStream
	case st.is(sentHeaders):
		return ErrHeadersSent
	case o.EndStream && o.WaitForTrailers:
		return ErrInvalidArg.with("The option WaitForTrailers has no use beside EndStream")
	}
	s := st.s
	now := s.time()
	if s.isGiven(h) && !o.NoDate {
		// Most responses are made of the same headers as the one before.
		end := o.EndStream || st.is(isHead) || hasNoBody(s.sent.list[0].Value)
		if s.conn.Repeat(now, st.id, s.sentBlock, end) == nil {
			st.responded(s.sent, end, o.WaitForTrailers)
			return nil
		}
	}
	fields, same, err := s.prepare(h, o)
	if err != nil {
		return err
	}
	if !same && st.tooLong(fields, core.FrameSizeError) {
		return nil // the events say so
	}
	end := o.EndStream || st.is(isHead) || hasNoBody(fields[0].Value)
	if err := s.conn.Headers(now, st.id, fields, end); err != nil {
		return refusedResponse(err, fields)
	}
	s.sentBlock = s.conn.LastSent()
	st.responded(s.keepSent(h, o, same), end, o.WaitForTrailers)
	return nil
}

// prepare puts together the fields of a response and checks them, unless they
// are the same as those of the last one, which were.
func (s *Session) prepare(h Headers, o RespondOptions) (fields []Field, same bool, err error) {
	status, err := statusOf(h)
	if err != nil {
		return nil, false, err
	}
	fields = s.response(status, h, o)
	if same = s.isSent(fields); !same {
		err = s.checkSingle(fields)
	}
	return fields, same, err
}

// isSent reports whether the fields are those of the session's last response,
// which needed no checks but those it passed.
func (s *Session) isSent(fields []Field) bool {
	return !s.unchecked && sameFields(s.sent.list, fields)
}

func refusedResponse(err error, fields []Field) error {
	if errors.Is(err, core.ErrStreamLimit) {
		return ErrHTTP2.with("The client's limit of concurrent pushed streams is reached")
	}
	return refused(err, fields)
}

// responded notes that the response has begun, and whether that was all of it.
func (st *ServerStream) responded(h Headers, end, tail bool) {
	st.s.touched = true
	st.active()
	st.Stream.keepSent(h)
	st.set(sentHeaders)
	if st.s.watcher != nil {
		st.s.watcher.responded(&st.Stream, end)
	}
	switch {
	case end:
		st.set(isEnding)
		st.endSent()
	case tail:
		st.set(wantsTail)
	}
}

// hasNoBody reports whether a response of that status ends with its headers.
func hasNoBody(status string) bool { return status == "204" || status == "205" || status == "304" }

// response puts together the fields of a response.
func (s *Session) response(status string, h Headers, o RespondOptions) []Field {
	s.fields = append(slices.Grow(s.fields[:0], len(h.list)+2), Field{Name: ":status", Value: status})
	hasDate, hasStatus := o.NoDate, false
	for _, f := range h.list {
		switch f.Name {
		case "":
			continue
		case ":status":
			if !hasStatus {
				hasStatus = true
				continue
			}
		case "date":
			hasDate = true
		}
		s.fields = append(s.fields, f)
	}
	if !hasDate {
		s.fields = append(s.fields, Field{Name: "date", Value: s.dateField()})
	}
	return s.fields
}

// isGiven reports whether the last response was made of the very same headers.
func (s *Session) isGiven(h Headers) bool {
	return len(h.list) > 0 && len(h.list) == len(s.given.list) && &h.list[0] == &s.given.list[0]
}

// keepSent returns the fields just sent, which are s.fields, in a form that may
// be kept. Responses that repeat share it.
//
//go:noinline
func (s *Session) keepSent(h Headers, o RespondOptions, same bool) Headers {
	s.given = Headers{}
	if !same && s.unchecked && sameFields(s.sent.list, s.fields) {
		s.unchecked = false // any more
	} else if !same {
		list := s.fields
		s.fields = nil
		if len(list) > keepFields {
			s.sentBlock = 0 // it is not that of s.sent
			return Headers{list}
		}
		s.sent, s.unchecked, s.vetted = Headers{list}, false, false
	}
	if !o.NoDate {
		s.given = h
	}
	return s.sent
}

// imfFixdate is how a date field is written (RFC 9110 §5.6.7).
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

// dateField is the date field of what is sent now, made once a second.
func (s *Session) dateField() string {
	now := s.time()
	if at := now.Unix(); s.date == "" || at != s.dateAt {
		s.date, s.dateAt = now.UTC().Format(imfFixdate), at
	}
	return s.date
}

// AdditionalHeaders sends an informational response, status 1xx, ahead of the
// final one.
//
// Errors: ErrHeadersAfterRespond, ErrInvalidStream, ErrInfoStatus unless
// :status is 100 to 199, ErrStatus101, and those of Respond about fields.
func (st *ServerStream) AdditionalHeaders(h Headers) error {
	st.s.lock()
	defer st.s.unlock()
	return st.inform(h)
}

func (st *ServerStream) inform(h Headers) error {
	switch {
	case st.unusable():
		return ErrInvalidStream
	case st.is(sentHeaders):
		return ErrHeadersAfterRespond
	}
	status, err := infoStatusOf(h)
	if err != nil {
		return err
	}
	s := st.s
	fields := s.response(status, h, RespondOptions{NoDate: true})
	if err := s.checkSingle(fields); err != nil {
		return err
	}
	if st.tooLong(fields, core.FrameSizeError) {
		return nil
	}
	if err := s.conn.Headers(s.time(), st.id, fields, false); err != nil {
		return refused(err, fields)
	}
	s.touched = true
	st.active()
	x := st.extras()
	x.sentInfo = append(x.sentInfo, HeadersOf(fields...))
	return nil
}

// giveUp answers a request whose handler panicked before it had answered.
func (st *ServerStream) giveUp() {
	if st.respond(Status(500), RespondOptions{EndStream: true}) == nil {
		if !st.is(gotEnd) {
			st.shut(core.NoError, true, true) // nobody will read the rest
		}
		return
	}
	e := ErrStreamError.with("Stream closed with error code %s", codeName(core.InternalError))
	e.HTTP2 = core.InternalError
	st.destroy(e)
}
