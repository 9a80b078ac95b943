package events

// Cork has Write keep what it is given until as many calls of Uncork, or End,
// so that small pieces go out as one.
func (r *Response) Cork() {
	r.st.s.mu.Lock()
	defer r.st.s.mu.Unlock()
	r.st.exchange.extras().corked++
}

// Uncork undoes one Cork; the last sends what was written meanwhile.
func (r *Response) Uncork() {
	r.st.s.lock()
	defer r.st.s.unlock()
	if r.st.exchange.more == nil || r.st.exchange.more.corked == 0 {
		return
	}
	if r.st.exchange.more.corked == 1 {
		r.uncorkAll()
		return
	}
	r.st.exchange.more.corked--
}

// WritableCorked returns how many calls of Uncork are due.
func (r *Response) WritableCorked() int {
	r.st.s.mu.Lock()
	defer r.st.s.mu.Unlock()
	if r.st.exchange.more == nil {
		return 0
	}
	return r.st.exchange.more.corked
}

// awaitCorked has those told who wrote while corked.
func (r *Response) awaitCorked() {
	if r.st.exchange.more == nil {
		return
	}
	for _, done := range r.st.exchange.more.awaited {
		r.st.whenSent(done)
	}
	r.st.exchange.more.awaited = nil
}

func (r *Response) uncorkAll() {
	if r.st.exchange.more == nil {
		return
	}
	r.st.exchange.more.corked = 0
	if p := r.st.exchange.more.buffer; len(p) > 0 {
		r.st.exchange.more.buffer = nil
		r.st.write(chunk{b: p}) // if it fails, the stream is over and says so itself
		r.awaitCorked()
	}
}
