package events

// Cork has Write keep what it is given until as many calls of Uncork, or End,
// so that small pieces go out as one.
func (r *Response) Cork() {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	r.exchange().extras().corked++
}

// Uncork undoes one Cork; the last sends what was written meanwhile.
func (r *Response) Uncork() {
	r.req.st.s.lock()
	defer r.req.st.s.unlock()
	switch x := r.exchange().more.Load(); {
	case x == nil || x.corked == 0:
	case x.corked == 1:
		r.uncorkAll()
	default:
		x.corked--
	}
}

// WritableCorked returns how many calls of Uncork are due.
func (r *Response) WritableCorked() int {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	return r.exchange().extra().corked
}

// awaitCorked has those told who wrote while corked.
func (r *Response) awaitCorked() {
	x := r.exchange().more.Load()
	if x == nil {
		return
	}
	for _, done := range x.awaited {
		r.req.st.whenSent(done)
	}
	x.awaited = nil
}

func (r *Response) uncorkAll() {
	x := r.exchange().more.Load()
	if x == nil {
		return
	}
	x.corked = 0
	if p := x.buffer; len(p) > 0 {
		x.buffer = nil
		r.req.st.write(chunk{b: p}) // if it fails, the stream is over and says so itself
		r.awaitCorked()
	}
}
