package events

import (
	"time"

	"weft/core"
)

// ServerSession is the server's end of a connection. A Server,
// PerformServerHandshake and NewServerSession make one; the zero ServerSession is
// not one.
type ServerSession struct {
	Session
	owner *Server    // nil for a session of its own
	http1 *HTTP1Conn // whose exchanges its streams are; nil for a session by HTTP/2
	// unpumped: the owner's, but driven by a loop of the caller's.
	unpumped bool
	// byServer: its timeout is the owner's. uncounted: Unref, and counted so by
	// the owner, whose lock guards it.
	// gone: its connection is closed.
	byServer, uncounted, gone bool

	// A handler runs from the stream event until the stream is closed and
	// released. Streams beyond the announced limit, which the core lets through
	// while others linger, wait for a place.
	handlers int32
	places   []*ServerStream // that wait

	onStream event[func(*ServerStream, Headers, Flags)]

	// asked are who is to answer the request that is being announced. They are
	// called by report itself: handlers call deep, and the fewer calls they are
	// within, the more of their returns a processor foresees.
	asked []handler

	plain *Field // the last request's headers that asked for nothing special (compat_route.go)

	begun int32 // by the requests of this turn
	// Objects made for those that are still to come in it, of both kinds, and how
	// many of the streams are used.
	used          uint8
	spareExchange *exchange // the first of those, in a chain
	spare         *[streamsAtOnce]ServerStream
}

// NewServerSession makes a session that is driven by whoever calls its
// transport.Endpoint methods: a mem.Link, transport.Run or a loop of the
// caller's.
//
// Errors: those of options: ErrInvalidArg, ErrOutOfRange, ErrInvalidSettingValue
// and ErrTooManyCustom.
func NewServerSession(now time.Time, opts SessionOptions) (*ServerSession, error) {
	ss, err := newServerSession(now, &opts, core.TransportUnknown, nil)
	if err != nil {
		return nil, err
	}
	ss.carriedBy(nil, core.TransportUnknown)
	ss.trace = opts.traceOf(nil)
	return ss, nil
}

func newServerSession(now time.Time, opts *SessionOptions, carrier core.Transport, owner *Server) (*ServerSession, error) {
	cfg, err := owner.config(opts)
	if err != nil {
		return nil, err
	}
	if carrier != core.TransportUnknown {
		cfg.Transport = carrier
	}
	ss := &ServerSession{owner: owner}
	ss.init(opts, now)
	ss.server = ss
	if err := ss.start(now, cfg, false); err != nil {
		return nil, err
	}
	ss.driven = true
	ss.post(func() {
		if owner != nil {
			for _, f := range owner.onSession.take() {
				ss.guard(func() { f(ss) })
			}
		}
		for _, f := range ss.take(func(on *sessionEvents) *event[func()] { return &on.connect }) {
			ss.guard(f)
		}
	})
	return ss, nil
}

// take returns the functions to call, for a task that runs without the lock.
func (s *Session) take(which func(on *sessionEvents) *event[func()]) []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	return which(s.on).take(nil)
}

// OnStream registers f for each request. The server's listeners come first.
func (ss *ServerSession) OnStream(f func(stream *ServerStream, headers Headers, flags Flags)) Listener {
	mustListen("ServerSession.OnStream", f == nil)
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return Listener{&ss.mu, &ss.onStream, ss.onStream.add(f)}
}

// newStream returns a stream's object. A turn that brings many requests makes
// several at once: that is cheaper than one by one, and one of them that lives
// long keeps at most the others of its turn.
func (ss *ServerSession) newStream() *ServerStream {
	ss.begun++
	var st *ServerStream
	if ss.begun <= manyRequests {
		st = new(ServerStream)
	} else {
		if ss.spare == nil || ss.used == streamsAtOnce {
			ss.spare, ss.used = new([streamsAtOnce]ServerStream), 0
		}
		st = &ss.spare[ss.used]
		ss.used++
	}
	st.role = asServer
	return st
}

const (
	manyRequests = 8   // of one turn, after which
	cheapSize    = 512 // bytes at once cost the collector least

	streamsAtOnce   = 6
	exchangesAtOnce = 4
)

// turnEnded lets go of the objects that were made and not needed.
func (ss *ServerSession) turnEnded() {
	if ss.begun > 0 {
		ss.spare, ss.spareExchange, ss.begun = nil, nil, 0
	}
}

// onRequest takes the header section of a request.
func (ss *ServerSession) onRequest(e *core.HeadersReceived) {
	if ss.short(e.Stream) {
		return
	}
	var st *ServerStream
	if ss.http1 != nil || ss.owner != nil && ss.owner.wantsExchange(e.Method) {
		st = ss.newExchange()
	} else {
		st = ss.newStream()
	}
	st.s, st.id = &ss.Session, e.Stream
	if ss.http1 != nil {
		st.exchange().byHTTP1(ss, &ss.http1.request)
	} else {
		st.keepHeaders(ss.view(e.Fields))
	}
	if e.Method == "HEAD" {
		st.set(isHead)
	}
	if e.EndStream {
		st.set(gotEnd | noBody | noMoreIn)
		st.facts |= bodiless
	}
	if st.headers == ss.plain && st.role == asExchange && ss.beginLikeLast(st) {
		return
	}
	if ss.watcher != nil {
		ss.watcher.created(&st.Stream, st.Headers())
	}
	if ss.handlers > 0 && uint32(ss.handlers) >= ss.conn.LocalSettings().MaxConcurrentStreams {
		st.set(isHeldBack | isSilent)
		ss.places = append(ss.places, st)
		ss.link(&st.Stream)
		ss.mapped(&st.Stream)
		return
	}
	st.begin(true)
}

// begin announces the stream to the application. new says that it is done as
// the request comes, so that report looks after a panic, and that the stream is
// not yet among the session's: most never have to be.
func (st *ServerStream) begin(new bool) {
	ss := st.session()
	ss.handlers++
	st.set(isCounted)
	if ss.watcher != nil {
		ss.watcher.started(&st.Stream, st.Headers())
	}
	var shared []func(*ServerStream, Headers, Flags)
	if ss.owner != nil && ss.http1 == nil {
		shared = ss.owner.onStream.take()
	}
	var own []func(*ServerStream, Headers, Flags)
	if ss.onStream.any() {
		var few [2]func(*ServerStream, Headers, Flags)
		own = ss.onStream.take(few[:0])
	}
	if st.exchange() != nil {
		st.exchange().begin(shared, own, new)
		return
	}
	if len(shared)+len(own) == 0 {
		st.shut(core.RefusedStream, true, true) // nobody is there to serve it
	}
	if len(own) == 0 {
		own, shared = shared, nil
	}
	if len(shared) > 0 {
		st.callAll(shared)
	}
	if !new {
		st.callAll(own)
		st.announced()
		return
	}
	ss.announcing = &st.Stream
	flags := flagsOf(st.is(gotEnd))
	ss.leave()
	for _, f := range own {
		f(st, st.Headers(), flags)
	}
	ss.lock()
	st.announced()
}

// announced is called when the stream event was emitted.
func (st *ServerStream) announced() {
	s := st.s
	if s.announcing == &st.Stream {
		s.announcing = nil
		if st.is(isQueued) && s.queue.empty() {
			if st.endsQuietly() {
				st.endQuietly()
				return
			}
			s.push(task{st: &st.Stream})
		}
		s.link(&st.Stream)
	}
	if !st.is(offWire) {
		s.mapped(&st.Stream)
	}
	switch {
	case !st.is(noMoreIn):
	case st.pending == 0:
		st.deliver()
	default:
		st.enqueue(pendRead) // in its order among what the callbacks caused
	}
}

func (st *ServerStream) callAll(list []func(*ServerStream, Headers, Flags)) {
	if len(list) == 0 {
		return
	}
	flags := flagsOf(st.is(gotEnd))
	st.s.leave()
	defer st.called()
	for _, f := range list {
		f(st, st.Headers(), flags)
	}
}

// announce starts a stream that waited for a place.
func (st *ServerStream) announce() {
	if st.is(isHeldBack) && !st.is(isDestroyed) {
		st.clear(isHeldBack | isSilent)
		st.begin(false)
		st.deliver()
	}
}

// released gives the stream's place to the next one.
func (st *ServerStream) released() {
	ss := st.session()
	if st.is(holdsSlot) {
		st.clear(holdsSlot)
		ss.conn.Release(st.id)
	}
	if !st.is(isCounted) {
		return
	}
	st.clear(isCounted)
	ss.handlers--
	for len(ss.places) > 0 {
		next := ss.places[0]
		ss.places = ss.places[1:]
		if !next.is(isDestroyed) {
			next.enqueue(pendStart)
			return
		}
	}
}

// ended is called when the session has emitted its last event.
func (ss *ServerSession) ended() {
	if ss.owner != nil {
		ss.owner.sessionEnded(ss)
	}
}
