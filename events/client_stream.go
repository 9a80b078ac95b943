package events

import (
	"errors"

	"weft/core"
)

// ClientStream is a request and its response, on the client; or a push.
type ClientStream struct {
	Stream
	request   Headers // of a push
	response  Headers
	listeners streamEvents // on is these: nearly every request has some
}

// heldBlock is a header block that waits for a listener.
type heldBlock struct {
	h     Headers
	end   bool
	final bool
}

// Session returns the stream's session, nil when it is destroyed.
func (st *ClientStream) Session() *ClientSession {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.is(isDestroyed) {
		return nil
	}
	return st.s.client
}

// Response returns the response's header fields, once they have come.
func (st *ClientStream) Response() (h Headers, ok bool) {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.response, st.is(gotHeaders)
}

// OnReady registers f for when the request is on its way and has an id.
func (st *ClientStream) OnReady(f func()) Listener {
	mustListen("ClientStream.OnReady", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(readyEvent, f)
}

// OnResponse registers f for the response's headers.
func (st *ClientStream) OnResponse(f func(headers Headers, flags Flags)) Listener {
	mustListen("ClientStream.OnResponse", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(responseEvent, f)
}

// OnHeaders registers f for each informational response.
func (st *ClientStream) OnHeaders(f func(headers Headers, flags Flags)) Listener {
	mustListen("ClientStream.OnHeaders", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(headersEvent, f)
}

// OnContinue registers f for a response with status 100.
func (st *ClientStream) OnContinue(f func()) Listener {
	mustListen("ClientStream.OnContinue", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(continueEvent, f)
}

// OnPush registers f for the response's headers of a pushed stream.
func (st *ClientStream) OnPush(f func(headers Headers, flags Flags)) Listener {
	mustListen("ClientStream.OnPush", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(pushEvent, f)
}

// open sends the request. It reports false if that has to wait.
func (st *ClientStream) open() bool {
	s := st.s
	end := st.is(isEnding) && !st.is(isClosed) && st.left() == 0 && st.extra().source == nil && !st.is(wantsTail)
	id, err := st.openRepeated(end)
	if err == core.ErrNoBlock {
		if st.tooLong(st.sentList().list, core.RefusedStream) {
			return true
		}
		if st.extra().priority != nil {
			id, err = st.openPriority(end)
		} else {
			id, err = s.conn.Open(s.time(), st.sentList().list, end)
		}
		if err == nil && st.isRepeated() {
			s.sentBlock = s.conn.LastSent()
		}
	}
	if err == core.ErrStreamLimit {
		return false
	}
	st.unqueue()
	if err != nil {
		st.notOpened(err)
		return true
	}
	s.touched = true
	st.id = id
	s.mapped(&st.Stream)
	if s.watcher != nil {
		s.watcher.started(&st.Stream, st.sentList())
	}
	st.enqueue(pendReady)
	switch {
	case st.is(isClosed): // before it was sent
		if st.left() == 0 {
			st.enqueue(pendFinish)
		}
		st.reset(st.code)
	case end:
		st.set(sentEnd)
		if s.watcher != nil {
			s.watcher.bodySent(&st.Stream)
		}
		st.enqueue(pendFinish)
	default:
		st.send()
	}
	return true
}

// openRepeated sends a request with the headers of the last one in one step.
// core.ErrNoBlock says that they are others, or have to be encoded once more.
func (st *ClientStream) openRepeated(end bool) (StreamID, error) {
	s := st.s
	if s.sentBlock == 0 || !st.isRepeated() || st.extra().priority != nil {
		return 0, core.ErrNoBlock
	}
	return s.conn.OpenRepeat(s.time(), s.sentBlock, end)
}

// isRepeated reports whether the request shares its headers with the last one.
func (st *ClientStream) isRepeated() bool {
	list := st.s.sent.list
	return len(list) > 0 && st.sent == &list[0]
}

// openPriority sends the request with its place among the others.
func (st *ClientStream) openPriority(end bool) (StreamID, error) {
	s, p := st.s, *st.more.priority
	if err := checkParent(s.conn.Info().NextStream, p.Parent); err != nil {
		return 0, err
	}
	if !st.more.silent {
		return s.conn.OpenPriority(s.time(), st.sentList().list, end, p)
	}
	id, err := s.conn.Open(s.time(), st.sentList().list, end)
	if err == nil {
		s.conn.Prioritize(id, p, true)
	}
	return id, err
}

// notOpened ends a request the core refused.
func (st *ClientStream) notOpened(err error) {
	var e *Error
	if !errors.As(err, &e) && !errors.As(refused(err, st.sentList().list), &e) {
		e = ErrHTTP2.caused(err)
	}
	copied := *e
	copied.Unprocessed = true
	if copied.HTTP2 == core.NoError {
		copied.HTTP2 = core.InternalError
	}
	st.destroy(&copied)
}

func (st *ClientStream) onInterim(h Headers) {
	if st.s.watcher != nil {
		st.s.watcher.headersReceived(&st.Stream, h, false, false)
	}
	if st.is(isSilent) {
		st.extras().held = append(st.more.held, heldBlock{h: h})
		return
	}
	st.emitInterim(h)
}

func (st *ClientStream) emitInterim(h Headers) {
	if h.Status() == 100 {
		st.emit(continueEvent)
	}
	st.emitHeaders(headersEvent, h, false)
}

func (st *ClientStream) onResponse(h Headers, end bool) {
	st.set(gotHeaders)
	st.response = h
	if st.s.watcher != nil {
		st.s.watcher.headersReceived(&st.Stream, h, true, end)
	}
	if st.extra().duplex != nil {
		st.extra().duplex.readable.signal()
	}
	if st.is(isSilent) {
		st.extras().held = append(st.more.held, heldBlock{h, end, true})
	} else {
		st.emitResponse(h, end)
	}
	if end {
		st.set(noBody)
		st.onEnd()
	}
}

func (st *ClientStream) emitResponse(h Headers, end bool) {
	if st.is(isPush) {
		st.emitHeaders(pushEvent, h, end)
		return
	}
	st.emitHeaders(responseEvent, h, end)
}

// announce emits what was held.
func (st *ClientStream) announce() {
	held := st.extra().held
	if held != nil {
		st.more.held = nil
	}
	for _, b := range held {
		if b.final {
			st.emitResponse(b.h, b.end)
		} else {
			st.emitInterim(b.h)
		}
	}
}

// announce emits what a stream held, or starts one that had to wait.
func (st *Stream) announce() {
	if st.server() != nil {
		st.server().announce()
	} else {
		st.client().announce()
	}
}
