package events

import (
	"fmt"
	"io"
	"unsafe"

	"weft/core"
)

// Stream is what server and client streams have in common: the two directions
// of one exchange, and its end. It is never recycled: a dead one still tells
// its RSTCode and refuses writes with an error.
type Stream struct {
	s *Session

	id      StreamID // 0 while a client's request waits
	state   state
	pending pending
	role    role
	facts   facts

	code core.ErrCode // what it ended with

	out *fifo // written and not yet taken by the core (write.go)

	sent *Field
	// How many there are of sent and, on a server, of the request's headers.
	sentN, headN uint32

	on   *streamEvents
	more *extra

	// Where it is among the session's streams, from 1 on, and the how manieth of
	// them it was. 0: it is not among them.
	place, birth uint32
}

// role is what a stream is of, and begins.
type role uint8

// What begins with a stream is where the stream is.
const (
	_ uintptr = -unsafe.Offsetof(ServerStream{}.Stream)
	_ uintptr = -unsafe.Offsetof(ClientStream{}.Stream)
	_ uintptr = -unsafe.Offsetof(exchange{}.stream)
)

const (
	asClient   role = 1 + iota // a ClientStream
	asServer                   // a ServerStream
	asExchange                 // an exchange, which begins with a ServerStream
)

// facts of a request are known before anybody is told of it, and need no lock.
type facts uint8

const (
	bodiless facts = 1 << iota // it ended with its headers
	repeats                    // it has the list of headers that one before it had
)

// server returns the ServerStream the stream is of, nil on a client.
func (st *Stream) server() *ServerStream {
	if st.role < asServer {
		return nil
	}
	return (*ServerStream)(unsafe.Pointer(st))
}

// client returns the ClientStream the stream is of, nil on a server.
func (st *Stream) client() *ClientStream {
	if st.role != asClient {
		return nil
	}
	return (*ClientStream)(unsafe.Pointer(st))
}

// exchange returns the exchange the stream is of, nil outside the Compatibility
// API.
func (st *Stream) exchange() *exchange {
	if st.role != asExchange {
		return nil
	}
	return (*exchange)(unsafe.Pointer(st))
}

// isPlain reports whether the stream has no extra of either kind.
func (st *Stream) isPlain() bool {
	return st.more == nil && (st.role != asExchange || (*exchange)(unsafe.Pointer(st)).more.Load() == nil)
}

// extra is what few streams have. Most requests come and go without: that
// keeps the one object they cost small.
type extra struct {
	in       *fifo   // received and not yet delivered (read.go)
	source   *source // what the body is read from (source.go)
	duplex   *Duplex
	why      core.StreamReset // how it ended before its time
	err      error            // what destroyed it
	trailers Headers          // received and not yet delivered
	sentInfo []Headers
	sentTail Headers
	priority *core.Priority // to be sent with the request
	silent   bool           // or to be kept to ourselves
	quiet    idle           // its timeout (timeout.go)
	queued   bool           // among the session's quietStreams
	badFrame badFrame
	writes   []writing         // by WriteFunc
	written  []func(err error) // whose bytes were sent, to be told
	sentKept int64
	holds    int         // whoever serves it beyond the close event
	watched  *watched    // what the session's watcher keeps
	stop     func() bool // ends watching a context
	held     []heldBlock // by a client's stream while it holds its events
	answers  int         // files that are on their way to become its response
	spent    []io.Closer // sources that are done with, still to be closed
	ctx      *ending
}

// extras returns the stream's extra, to change it.
func (st *Stream) extras() *extra {
	if st.more == nil {
		st.more = new(extra)
	}
	return st.more
}

var noExtra extra

// extra returns the stream's extra, to look at it.
func (st *Stream) extra() *extra {
	if st.more == nil {
		return &noExtra
	}
	return st.more
}

// state is what is true of a stream.
type state uint32

const (
	isQueued    state = 1 << iota // has a place in the session's queue
	isHolding                     // holds written bytes until the turn ends
	isWaiting                     // its Send fell short
	isMapped                      // is found by its id
	isSilent                      // holds its events for the first listener
	isFlowing                     // data goes to listeners, or nowhere
	isPaused                      // by Pause
	wasRead                       // somebody took an interest in the data
	gotHeaders                    // client: the final response came
	gotEnd                        // the peer sent END_STREAM
	noMoreIn                      // nothing more comes, for whatever reason
	saidEnd                       // the end event was emitted
	sentHeaders                   // server: the final response was sent
	isHead                        // the response has no body
	wantsTail                     // the end waits for sendTrailers
	askedTail                     // the wantTrailers event was emitted
	sentTail                      // trailers were given
	isEnding                      // nothing more may be written
	sentEnd                       // END_STREAM was given to the core
	needDrain                     // a Write said to wait
	offWire                       // the core has forgotten it, or will
	isClosed                      // has a code: Close, or the peer's reset
	isAborted                     // before we had ended
	isDestroyed                   // is over; only its last events are to come
	saidClose                     // the close event was emitted
	isPush                        // was promised
	isForgotten                   // is not among the session's any more
	isHeldBack                    // server: waits for a handler's place
	isCounted                     // server: has such a place
	holdsSlot                     // the core keeps its place until released
	noBody                        // the peer's message ended with its headers
)

func (st *Stream) is(x state) bool { return st.state&x != 0 }
func (st *Stream) set(x state)     { st.state |= x }
func (st *Stream) clear(x state)   { st.state &^= x }

// wakeUp lets a stream that held its events for the first listener go.
func (st *Stream) wakeUp() {
	if st.is(isSilent) {
		st.clear(isSilent)
		st.enqueue(pendStart | pendRead)
	}
}

// Start lets a stream that was created outside a turn, and holds its events
// until it has a listener, go without one.
func (st *Stream) Start() {
	st.s.lock()
	defer st.s.unlock()
	st.wakeUp()
}

// ID returns the stream's id, 0 while a client's request waits to be sent.
func (st *Stream) ID() StreamID {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.id
}

// Pending reports whether the stream has no id yet.
func (st *Stream) Pending() bool { return st.ID() == 0 }

// Closed reports whether the stream was closed, by either side.
func (st *Stream) Closed() bool { return st.asks(isClosed) }

// Destroyed reports whether the stream is over: it can't be used any more.
func (st *Stream) Destroyed() bool { return st.asks(isDestroyed) }

// Aborted reports whether the stream ended before this side had.
func (st *Stream) Aborted() bool { return st.asks(isAborted) }

// Complete reports whether the peer sent the end of its message: what was
// received of it is all there is.
func (st *Stream) Complete() bool { return st.asks(gotEnd) }

func (st *Stream) asks(x state) bool {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.is(x)
}

// RSTCode returns the error code the stream was closed with. ok is false while
// it is open.
func (st *Stream) RSTCode() (code core.ErrCode, ok bool) {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.code, st.is(isClosed)
}

// BufferSize returns how many written bytes wait to be sent.
func (st *Stream) BufferSize() int {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.unsent()
}

// SentHeaders, SentInfoHeaders and SentTrailers return what this side sent.
func (st *Stream) SentHeaders() Headers {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.sentList()
}

// sentList is what SentHeaders returns. Of a response that is still being made
// there is something in sent, too (response_draft.go).
func (st *Stream) sentList() Headers {
	if st.role == asExchange && !st.is(sentHeaders) {
		return Headers{}
	}
	return unpack(st.sent, st.sentN)
}

func (st *Stream) keepSent(h Headers) { st.sent, st.sentN = pack(h) }

// SentInfoHeaders returns the informational headers sent, in order.
func (st *Stream) SentInfoHeaders() []Headers {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return append([]Headers(nil), st.extra().sentInfo...)
}

// SentTrailers returns the trailers sent.
func (st *Stream) SentTrailers() Headers {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.extra().sentTail
}

// String names the stream for logs.
func (st *Stream) String() string { return fmt.Sprintf("stream %d", st.ID()) }
