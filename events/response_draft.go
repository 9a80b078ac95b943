package events

import "time"

// Most responses have, field by field, what the last one of their session had.
// As long as that holds nothing is noted of them but how far it goes, in the
// stream's sent and sentN, where what was sent will stand: sent is the first of
// the fields of the last response, of which :status and those behind it that
// were queued are sentN. It ends with a field that is another, or once the
// session's last response is another. Then there is a draft.

// draft is a list of queued fields. It lives until the headers are sent, and is
// then used for another response of the session.
type draft struct{ list []Field }

const spareDrafts = 8

// queued returns the queued fields. They must not be written to, and the headers
// not be sent.
func (r *Response) queued() []Field {
	if r.draft != nil {
		return r.draft.list
	}
	if st := r.req.st; st.sentN > 0 {
		return unpack(st.sent, st.sentN).list[1:]
	}
	return nil
}

// drafted returns the draft with the queued fields.
func (r *Response) drafted() *draft {
	if r.draft == nil {
		d := r.req.st.s.takeDraft()
		d.list = append(d.list, r.queued()...)
		r.draft = d
	}
	return r.draft
}

// queueAgain queues a field if the last response had the very same in that
// place. It was checked then.
func (r *Response) queueAgain(name, value string) bool {
	st := r.req.st
	s := st.s
	if !s.vetted || r.draft != nil || st.is(sentHeaders) {
		return false
	}
	list := s.sent.list
	n := int(st.sentN)
	if n == 0 {
		n = 1
	} else if st.sent != &list[0] {
		return false
	}
	if n >= len(list) {
		return false
	}
	f := &list[n]
	if f.Name != name || f.Value != value || f.Sensitive || n > 1 && indexField(list[1:n], name) >= 0 {
		return false
	}
	st.sent, st.sentN = &list[0], uint32(n+1)
	return true
}

// isAsBefore reports whether the headers are those of the session's last
// response.
func (r *Response) isAsBefore(now time.Time, status string) bool {
	st := r.req.st
	s := st.s
	before := s.sent.list
	last := len(before) - 1
	if last < 1 || r.is(resNoDate) || before[0].Value != status ||
		before[last].Name != "date" || s.dateAt != now.Unix() || before[last].Value != s.date {
		return false
	}
	switch {
	case r.draft != nil:
		return sameFields(before[1:last], r.draft.list)
	case st.sentN > 0:
		return st.sent == &before[0] && int(st.sentN) == last
	}
	return last == 1
}

func (s *Session) takeDraft() *draft {
	if s.spares == nil {
		s.spares = new(spares)
	}
	if n := len(s.drafts); n > 0 {
		d := s.drafts[n-1]
		s.drafts[n-1] = nil
		s.drafts = s.drafts[:n-1]
		return d
	}
	return &draft{make([]Field, 0, 4)}
}

// giveDraft lets go of a draft, which may be nil.
func (s *Session) giveDraft(d *draft) {
	if d != nil && cap(d.list) <= keepFields && s.spares != nil && len(s.drafts) < spareDrafts {
		clear(d.list)
		d.list = d.list[:0]
		s.drafts = append(s.drafts, d)
	}
}

func (r *Response) giveDraft() {
	r.req.st.s.giveDraft(r.draft)
	r.draft = nil
}
