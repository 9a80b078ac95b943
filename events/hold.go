package events

// Hold keeps the stream's place under the limit of concurrent streams beyond
// its close event, until Release: for whoever serves it in a goroutine, so that
// a client that resets its requests can't have more running than it may have
// open. Hold may be called several times, Release has to be as often.
func (st *ServerStream) Hold() {
	st.s.lock()
	defer st.s.unlock()
	st.addHold()
}

func (st *ServerStream) addHold() {
	x := st.extras()
	if x.holds++; x.holds > 1 {
		return
	}
	if !st.is(offWire) && st.s.conn.Hold(st.id) == nil {
		st.set(holdsSlot)
	}
}

// Release undoes a Hold.
func (st *ServerStream) Release() {
	st.s.lock()
	defer st.s.unlock()
	st.dropHold()
}

func (st *ServerStream) dropHold() {
	x := st.extras()
	if x.holds == 0 {
		return
	}
	if x.holds--; x.holds > 0 {
		return
	}
	if st.is(saidClose) {
		st.released()
		st.s.touched = true
	}
}
