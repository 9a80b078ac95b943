package events

import "weft/core"

// SetTrailer queues a field that follows the body, in place of what was queued
// under that name.
//
// Errors: those of SetHeader about the field, ErrInvalidHeaderValue for one that has
// no place in trailers, content-length say (RFC 9110 §6.5.1), and
// ErrTrailersAlreadySent once End was called.
func (r *Response) SetTrailer(name string, values ...string) error {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	name, err := r.check(name, values)
	switch {
	case err != nil:
		return err
	case r.is(resEnded):
		return ErrTrailersAlreadySent
	case isConnectionField(name):
		return nil
	case !core.FitsTrailers(name):
		return errTrailer(name)
	}
	x := r.exchange().extras()
	x.trailers = putFields(x.trailers, name, values)
	return nil
}

// AddTrailers queues fields that follow the body, in place of what was queued
// under their names.
//
// Errors: those of SetTrailer; nothing was queued then.
func (r *Response) AddTrailers(h Headers) error {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	fields := make([]Field, 0, len(h.list))
	for _, f := range h.list {
		name, err := checkField(f.Name, f.Value)
		switch {
		case err != nil:
			return err
		case r.isStrict(name) && indexField(fields, name) >= 0:
			return errSingle(name)
		case isConnectionField(name):
			continue
		case !core.FitsTrailers(name):
			return errTrailer(name)
		}
		f.Name, f.Value = name, trimValue(f.Value)
		fields = append(fields, f)
	}
	if r.is(resEnded) {
		return ErrTrailersAlreadySent
	}
	x := r.exchange().extras()
	for i, f := range fields {
		if indexField(fields, f.Name) == i {
			x.trailers = putFields(x.trailers, f.Name, Headers{fields}.Values(f.Name))
		}
	}
	return nil
}

// errTrailer is for a field that would break the response off when its trailers
// are sent.
func errTrailer(name string) error {
	return ErrInvalidHeaderValue.with("Header field %q has no place in trailers", name)
}

// takeTrailers returns what is queued to follow the body.
func (r *Response) takeTrailers() []Field {
	x := r.exchange().more.Load()
	if x == nil {
		return nil
	}
	list := x.trailers
	x.trailers = nil
	return list
}
