package events

import "slices"

// SetHeader queues a field, in place of what was queued under that name;
// several values make several fields. White space around the name does not
// count, nor does its case.
//
// Errors: ErrHeadersSent, ErrInvalidToken, ErrPseudoNotAllowed, ErrInvalidChar,
// ErrInvalidHeaderValue without a value or with an impossible content-length,
// ErrHeaderSingleValue for several values of a field that has one. Nothing
// changes then.
func (r *Response) SetHeader(name string, values ...string) error {
	s := r.req.st.s
	s.mu.Lock()
	if len(values) == 1 && r.queueAgain(name, values[0]) {
		s.mu.Unlock()
		return nil
	}
	defer s.mu.Unlock()
	if r.req.st.is(sentHeaders) {
		return ErrHeadersSent
	}
	name, err := r.check(name, values)
	if err != nil || r.leavesOut(name) {
		return err
	}
	d := r.drafted()
	d.list = putFields(d.list, name, values)
	return nil
}

// AppendHeader queues a field beside those that were queued under that name.
//
// Errors: those of SetHeader.
func (r *Response) AppendHeader(name string, values ...string) error {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	if r.req.st.is(sentHeaders) {
		return ErrHeadersSent
	}
	name, err := r.check(name, values)
	if err != nil || r.leavesOut(name) {
		return err
	}
	if r.isStrict(name) && indexField(r.queued(), name) >= 0 {
		return errSingle(name)
	}
	d := r.drafted()
	d.list = addFields(d.list, name, values)
	return nil
}

// RemoveHeader removes what was queued under the name. Removing date keeps it
// from being added.
//
// Errors: ErrHeadersSent.
func (r *Response) RemoveHeader(name string) error {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	if r.req.st.is(sentHeaders) {
		return ErrHeadersSent
	}
	if name = normalName(name); name == "date" {
		r.set(resNoDate)
	}
	if indexField(r.queued(), name) >= 0 {
		d := r.drafted()
		d.list = removeFields(d.list, 0, name)
	}
	return nil
}

// GetHeader returns the value of a field that is queued, or was sent; "" if
// there is none. Several values are joined as by Headers.Get.
func (r *Response) GetHeader(name string) string {
	return r.GetHeaders().Get(normalName(name))
}

// GetHeaderValues returns the values of the fields of that name, in order.
func (r *Response) GetHeaderValues(name string) []string {
	return r.GetHeaders().Values(normalName(name))
}

// HasHeader reports whether a field of that name is queued, or was sent.
func (r *Response) HasHeader(name string) bool {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	return indexField(r.current(), normalName(name)) >= 0
}

// GetHeaderNames returns the names that are queued, or were sent, each once
// and in order.
func (r *Response) GetHeaderNames() []string {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	var names []string
	for _, f := range r.current() {
		if f.Name[0] != ':' && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// GetHeaders returns a copy of the fields that are queued, or were sent. The
// copy can be changed, which changes nothing of the response.
func (r *Response) GetHeaders() Headers {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	if r.req.st.is(sentHeaders) {
		return r.req.st.sentList() // nobody writes to it
	}
	return Headers{slices.Clone(r.queued())}
}

// current is what is queued, or was sent.
func (r *Response) current() []Field {
	if r.req.st.is(sentHeaders) {
		return r.req.st.sentList().list
	}
	return r.queued()
}

// merged returns what is queued with h over it, as a new draft.
func (r *Response) merged(h []Headers) (*draft, error) {
	d := r.req.st.s.takeDraft()
	fields := append(d.list, r.queued()...)
	for _, h := range h {
		for i := range h.list {
			f := h.list[i]
			if f.Name == ":status" {
				continue // it was given as such
			}
			name, err := checkField(f.Name, f.Value)
			if err != nil {
				return nil, err
			}
			if r.leavesOut(name) {
				continue
			}
			first := true // of that name in h
			for j := range h.list[:i] {
				first = first && h.list[j].Name != f.Name
			}
			if !first && r.isStrict(name) {
				return nil, errSingle(name)
			}
			f.Name, f.Value = name, trimValue(f.Value)
			if at := indexField(fields, name); first && at >= 0 { // it takes the place
				fields[at] = f
				fields = removeFields(fields, at+1, name)
			} else {
				fields = append(fields, f)
			}
		}
	}
	d.list = fields
	return d, nil
}

// indexField returns where the first field of that name is, or -1.
func indexField(fields []Field, name string) int {
	for i := range fields {
		if fields[i].Name == name {
			return i
		}
	}
	return -1
}

// putFields puts fields in the place of those of that name, or at the end.
func putFields(fields []Field, name string, values []string) []Field {
	at := indexField(fields, name)
	if at < 0 {
		return addFields(fields, name, values)
	}
	fields = removeFields(fields, at+1, name)
	fields[at].Value, fields[at].Sensitive = trimValue(values[0]), false
	at, values = at+1, values[1:]
	for i, v := range values {
		fields = slices.Insert(fields, at+i, Field{Name: name, Value: trimValue(v)})
	}
	return fields
}

func addFields(fields []Field, name string, values []string) []Field {
	for _, v := range values {
		fields = append(fields, Field{Name: name, Value: trimValue(v)})
	}
	return fields
}

// removeFields removes the fields of that name, from an index on.
func removeFields(fields []Field, from int, name string) []Field {
	for i := from; i < len(fields); i++ {
		if fields[i].Name == name {
			fields = slices.Delete(fields, i, i+1)
			i--
		}
	}
	return fields
}
