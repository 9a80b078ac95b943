package events

import "slices"

// streamEvent names an event of a stream.
type streamEvent uint8

const (
	dataEvent streamEvent = iota
	endEvent
	trailersEvent
	drainEvent
	finishEvent
	wantTrailersEvent
	abortedEvent
	errorEvent
	closeEvent
	timeoutEvent
	frameErrorEvent

	// Of clients.
	readyEvent
	responseEvent
	headersEvent
	continueEvent
	pushEvent
)

// streamEvents are the functions registered for the events of one stream, all
// in one list: of what a stream has to say, hardly anybody wants more than three
// or four things. The session's lock guards it.
type streamEvents struct {
	list []streamListener // in few as long as there is room
	seen uint32           // events there was ever a function for, as bits
	last uint32           // the id given last
	few  [3]streamListener
}

type streamListener struct {
	f     any // a func, of the type that goes with the event
	id    uint32
	event streamEvent
	once  bool
	fired bool
}

func (e *streamEvents) add(event streamEvent, f any) uint32 {
	if e.list == nil {
		e.list = e.few[:0]
	}
	e.last++
	e.seen |= 1 << event
	e.list = append(e.list, streamListener{f: f, id: e.last, event: event})
	return e.last
}

// any reports whether somebody listens for the event.
func (e *streamEvents) any(event streamEvent) bool {
	for i := range e.list {
		if e.list[i].event == event {
			return true
		}
	}
	return false
}

// take appends the functions to call now for the event, in the order in which
// they were registered. e may be nil.
func (e *streamEvents) take(event streamEvent, dst []any) []any {
	if e == nil || e.seen&(1<<event) == 0 {
		return dst
	}
	once := false
	for i := range e.list {
		if l := &e.list[i]; l.event == event {
			dst = append(dst, l.f)
			l.fired = true
			once = once || l.once
		}
	}
	if once {
		e.list = slices.DeleteFunc(e.list, func(l streamListener) bool { return l.event == event && l.once })
	}
	return dst
}

func (e *streamEvents) remove(id uint32) {
	e.list = slices.DeleteFunc(e.list, func(l streamListener) bool { return l.id == id })
}

func (e *streamEvents) once(id uint32) {
	for i := range e.list {
		if l := &e.list[i]; l.id == id {
			if l.once = true; l.fired {
				e.remove(id)
			}
			return
		}
	}
}

// listen registers f, which has to be of the type that goes with the event. A
// stream that held its events for the first listener lets them go.
func (st *Stream) listen(event streamEvent, f any) Listener {
	if st.on == nil {
		if st.client() != nil {
			st.on = &st.client().listeners
		} else {
			st.on = new(streamEvents)
		}
	}
	st.wakeUp()
	return Listener{&st.s.mu, st.on, st.on.add(event, f)}
}

// emit calls the listeners of an event without arguments.
func (st *Stream) emit(event streamEvent) {
	var few [2]any
	list := st.on.take(event, few[:0])
	if len(list) == 0 {
		return
	}
	st.s.leave()
	defer st.called()
	for _, f := range list {
		f.(func())()
	}
}

// emitHeaders calls the listeners of an event with a header block.
func (st *Stream) emitHeaders(event streamEvent, h Headers, end bool) {
	var few [2]any
	list := st.on.take(event, few[:0])
	if len(list) == 0 {
		return
	}
	st.s.leave()
	defer st.called()
	for _, f := range list {
		f.(func(Headers, Flags))(h, flagsOf(end))
	}
}

// emitData calls the listeners with p, or drops it if there are none.
func (st *Stream) emitData(p []byte) {
	var few [2]any
	list := st.on.take(dataEvent, few[:0])
	if len(list) == 0 {
		return
	}
	st.s.leave()
	defer st.called()
	for _, f := range list {
		f.(func([]byte))(p)
	}
}
