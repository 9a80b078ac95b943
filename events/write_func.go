package events

// writing is a WriteFunc that is not done: its last byte is the one before at,
// of all that was kept since there are any.
type writing struct {
	at   int64
	done func(err error)
}

// WriteFunc is Write with a function that is called once, when all of p has been
// handed to the connection, or with an error when that will never be. An error
// of the call itself is only returned.
func (st *Stream) WriteFunc(p []byte, done func(err error)) (ready bool, err error) {
	st.s.lock()
	defer st.s.unlock()
	ready, err = st.write(chunk{b: p})
	if err != nil || done == nil {
		return ready, err
	}
	st.whenSent(done)
	return ready, nil
}

// whenSent has done called when all that was written so far has been handed on.
func (st *Stream) whenSent(done func(err error)) {
	left := st.left()
	x := st.extras()
	if left == 0 {
		x.written = append(x.written, done)
		st.enqueue(pendWritten)
		return
	}
	x.writes = append(x.writes, writing{x.sentKept + int64(left), done})
}

// tookKept notes that n bytes of what was kept have been sent.
func (st *Stream) tookKept(n int) {
	x := st.more
	if x == nil || len(x.writes) == 0 {
		return
	}
	x.sentKept += int64(n)
	for len(x.writes) > 0 && x.writes[0].at <= x.sentKept {
		x.written = append(x.written, x.writes[0].done)
		x.writes = x.writes[1:]
		st.enqueue(pendWritten)
	}
}

// reportWritten tells those whose bytes were sent, ahead of what follows from
// that: drain, finish.
func (st *Stream) reportWritten() {
	list := st.more.written
	st.more.written = nil
	st.s.leave()
	defer st.called()
	for _, done := range list {
		done(nil)
	}
}

// failWrites tells those who still wait, when nothing more is sent: their bytes
// went with the end, or will not be sent.
func (st *Stream) failWrites() {
	if st.more == nil || len(st.more.writes) == 0 {
		return
	}
	x := st.more
	err := x.err
	if err == nil {
		err = ErrInvalidStream
	}
	for _, w := range x.writes {
		if st.is(sentEnd) { // with them
			x.written = append(x.written, w.done)
			st.enqueue(pendWritten)
		} else {
			st.s.post(func() { w.done(err) })
		}
	}
	x.writes = nil
}
