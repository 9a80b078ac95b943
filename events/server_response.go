package events

import (
	"errors"
	"slices"
	"strconv"
	"sync"

	"weft/core"
)

// Response is the response to a request as the Compatibility API shows it:
// Node's Http2ServerResponse. Its methods never block; Blocking gives a writer
// that does.
//
// Header fields are queued by SetHeader and its like and sent by WriteHead, or
// by the first of Write, End and FlushHeaders. Every response has to be ended,
// by End or by what stands for it.
//
// Fields that HTTP/2 forbids, connection and its like, are left out by HTTP/2,
// so that a handler written for HTTP/1.1 works.
type Response struct {
	req    Request // that it answers
	draft  *draft  // what is queued, unless the last response had the same (response_draft.go)
	status uint16  // 0: 200
	flags  responseFlags
}

type responseFlags uint8

const (
	resNoDate    responseFlags = 1 << iota
	resEnded                   // End was called
	resDestroyed               // Destroy was called
	resBodiless                // the headers said that there is no body
	resFinished                // the finish event was emitted
)

func (r *Response) exchange() *exchange { return r.req.exchange() }

func (r *Response) is(x responseFlags) bool { return r.flags&x != 0 }
func (r *Response) set(x responseFlags)     { r.flags |= x }

// Stream returns the stream of the response. ok is false if the request came
// by HTTP/1.1, where there is none.
func (r *Response) Stream() (st *ServerStream, ok bool) { return streamOf(r.req.st) }

// Req returns the request that is answered, nil if the response is a push.
func (r *Response) Req() *Request {
	if r.req.st.asks(isPush) {
		return nil
	}
	return &r.req
}

// StatusCode returns the status that was sent, or is to be sent; 200 unless
// set.
func (r *Response) StatusCode() int {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	return r.code()
}

func (r *Response) code() int {
	if r.status == 0 {
		return StatusOK
	}
	return int(r.status)
}

// SetStatusCode sets the status for headers that are sent implicitly. Once they
// are sent it changes nothing.
//
// Errors: ErrInfoStatusNotAllowed for 100 to 199, ErrStatusInvalid for what is
// no status.
func (r *Response) SetStatusCode(code int) error {
	if err := checkStatus(code); err != nil {
		return err
	}
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	if !r.req.st.is(sentHeaders) {
		r.status = uint16(code)
	}
	return nil
}

func checkStatus(code int) error {
	switch {
	case code >= 100 && code < 200:
		return ErrInfoStatusNotAllowed
	case code < 100 || code > 599:
		return invalidStatus(code)
	}
	return nil
}

func invalidStatus(code int) error {
	return ErrStatusInvalid.with("Invalid status code: %d", code).because(errStatusRange)
}

// StatusMessage returns "": HTTP/2 has no reason phrase, and that of HTTP/1.1
// is the usual one.
func (r *Response) StatusMessage() string { return "" }

// SetStatusMessage does nothing but log, once, that HTTP/2 has no reason
// phrase.
func (r *Response) SetStatusMessage(string) {
	warnStatusMessage.Do(func() {
		r.req.st.s.opts.logger().Warn("weft: a status message is not supported by HTTP/2 (RFC 9113 §8.3.2)")
	})
}

var warnStatusMessage sync.Once

// HeadersSent reports whether the headers were sent.
func (r *Response) HeadersSent() bool { return r.req.st.HeadersSent() }

// SendDate reports whether a date field is added unless there is one; true
// unless SetSendDate or RemoveHeader("date") changed it.
func (r *Response) SendDate() bool {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	return !r.is(resNoDate)
}

// SetSendDate says whether a date field is added. HTTP wants one: false is for
// tests.
func (r *Response) SetSendDate(on bool) {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	if r.set(resNoDate); on {
		r.flags &^= resNoDate
	}
}

// WriteHead sends the headers: the status, what was queued, and h, which wins
// over what was queued under the same name. On a response that is over it does
// nothing.
//
// Errors: ErrHeadersSent; ErrStatusInvalid for what is no final status, those of
// SetHeader about fields. Nothing was sent or queued then.
func (r *Response) WriteHead(status int, h ...Headers) error {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	switch {
	case st.is(sentHeaders) && !r.is(resFinished) && !st.is(isDestroyed):
		return ErrHeadersSent
	case r.over():
		return nil
	case status < 200 || status > 599:
		return invalidStatus(status)
	}
	queued, before := r.draft, r.status
	if len(h) > 0 {
		merged, err := r.merged(h)
		if err != nil {
			return err
		}
		r.draft = merged
	}
	r.status = uint16(status)
	if err := r.head(false); err != nil {
		r.draft, r.status = queued, before
		return err
	}
	if len(h) > 0 {
		st.s.giveDraft(queued)
	}
	return nil
}

// FlushHeaders sends the headers if that has not happened.
//
// Errors: those about fields that only all of them together show, such as
// headers larger than the client takes.
func (r *Response) FlushHeaders() error {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	if r.over() || st.is(sentHeaders) {
		return nil
	}
	return r.head(false)
}

// over reports whether nothing can be sent any more.
func (r *Response) over() bool {
	return r.is(resFinished) || r.req.st.is(isDestroyed|isClosed)
}

// head sends the headers, with end as all of the response. A response that
// repeats the one before shares its list.
func (r *Response) head(end bool) error {
	st, s := r.req.st, r.req.st.s
	if s.server.http1 != nil {
		return r.headHTTP1(end)
	}
	now := s.time()
	status := statusText(r.code())
	end = end || st.is(isHead) || hasNoBody(status)
	again := r.isAsBefore(now, status)
	if again && s.conn.Repeat(now, st.id, s.sentBlock, end) == nil {
		st.responded(s.sent, end, false)
	} else {
		fields := r.put(status)
		same := s.isSent(fields)
		if !same && st.tooLong(fields, core.FrameSizeError) {
			return nil // the events say so
		}
		if err := s.conn.Headers(now, st.id, fields, end); err != nil {
			if errors.Is(err, core.ErrStreamLimit) {
				return ErrHTTP2.with("The client's limit of concurrent pushed streams is reached")
			}
			return refused(err, fields)
		}
		s.sentBlock = s.conn.LastSent()
		h := s.keepSent(Headers{}, RespondOptions{NoDate: true}, same)
		s.vetted = s.vetted || h.Is(s.sent)
		st.responded(h, end, false)
	}
	if end {
		r.set(resBodiless)
	}
	r.giveDraft()
	return nil
}

// put puts together the fields to send.
func (r *Response) put(status string) []Field {
	s := r.req.st.s
	hasDate := r.is(resNoDate)
	queued := r.queued()
	fields := append(slices.Grow(s.fields[:0], len(queued)+2), Field{Name: ":status", Value: status})
	for i := range queued {
		hasDate = hasDate || queued[i].Name == "date"
		if queued[i].Name == "content-length" && status == "204" {
			continue // RFC 9110 §8.6; in a handler for HTTP/1.1 it does no harm
		}
		fields = append(fields, queued[i])
	}
	if !hasDate {
		fields = append(fields, Field{Name: "date", Value: s.dateField()})
	}
	s.fields = fields
	return fields
}

// statusText is the number as a string, without making one.
func statusText(code int) string { return statusTexts[code] }

var statusTexts = func() (t [600]string) {
	for code := 100; code < len(t); code++ {
		t[code] = strconv.Itoa(code)
	}
	return t
}()
