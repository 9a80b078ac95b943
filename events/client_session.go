package events

import (
	"context"
	"time"

	"weft/core"
)

// ClientSession is the client's end of a connection. Connect and NewClientSession
// make one; the zero ClientSession is not one.
type ClientSession struct {
	Session
	authority string // for requests that name none
	scheme    string

	onStream event[func(*ClientStream, Headers, Flags)]
	onAltsvc event[func(alt, origin string, stream StreamID)]
	onOrigin event[func([]string)]

	// Requests that wait for the connection, or for the server's limit of
	// concurrent streams.
	pending     []pendingRequest
	maxPending  int
	pendingTime time.Duration // that they wait for the limit

	dialing context.CancelFunc // ends the dialling
	ready   chan struct{}      // closed when connected, or never to be
	letGo   chan struct{}      // closed by Unref
	done    chan struct{}      // closed when it is over and
	said    bool               // the last event was emitted and
	pumping bool               // the connection is closed
}

// NewClientSession makes a session that is driven by whoever calls its
// transport.Endpoint methods: a mem.Link, transport.Run or a loop of the
// caller's. base is what requests get their :scheme and :authority from, for
// example "http://localhost".
//
// Errors: those of Connect about the URL and about options.
func NewClientSession(now time.Time, base string, opts SessionOptions) (*ClientSession, error) {
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	cs, err := newClientSession(now, u, &opts)
	if err != nil {
		return nil, err
	}
	if opts.Transport == core.TransportUnknown {
		opts.Transport = u.transport()
	}
	cfg, err := opts.config(true)
	if err != nil {
		return nil, err
	}
	cfg.Transport = core.TransportUnknown // requests may name any scheme
	cs.carriedBy(nil, opts.Transport)
	cs.rarely().origins = []string{u.origin()}
	if err := cs.start(now, cfg, true); err != nil {
		return nil, err
	}
	cs.driven, cs.looped = true, true
	cs.trace = opts.traceOf(nil)
	cs.connected()
	return cs, nil
}

func newClientSession(now time.Time, u *base, opts *SessionOptions) (*ClientSession, error) {
	cs := &ClientSession{
		authority:  u.authority,
		scheme:     u.scheme,
		maxPending: maxPendingRequests, pendingTime: pendingRequestTime,
		ready: make(chan struct{}),
		letGo: make(chan struct{}),
		done:  make(chan struct{}),
	}
	cs.init(opts, now)
	cs.client = cs
	return cs, nil
}

// connected has the connect event emitted, and then the requests sent that
// were waiting for it.
func (cs *ClientSession) connected() {
	cs.post(func() {
		for _, f := range cs.take(func(on *sessionEvents) *event[func()] { return &on.connect }) {
			cs.guard(f)
		}
		cs.mu.Lock()
		for i := range cs.pending { // from now on it is for the limit
			cs.pending[i].since = cs.now
		}
		cs.openPending()
		cs.withdrawClosed()
		cs.mu.Unlock()
	})
	close(cs.ready)
}

// Ready waits until the session is connected, and returns nil then. It blocks,
// and must not be called from a callback.
//
// Errors: what ended the session before, ErrInvalidSession if nothing in
// particular did, and ErrAbort when ctx is done, in which case the session goes
// on; ErrInvalidArgType if ctx is nil.
func (cs *ClientSession) Ready(ctx context.Context) error {
	if ctx == nil {
		return errNoContext
	}
	select {
	case <-cs.ready:
	case <-ctx.Done():
		return abortError(ctx)
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.err != nil {
		return cs.err
	}
	if cs.destroyed {
		return ErrInvalidSession
	}
	return nil
}

// Wait waits until the session has emitted its last event and its connection
// is closed, or until Unref. It blocks, and must not be called from a callback.
func (cs *ClientSession) Wait() {
	cs.mu.Lock()
	letGo := cs.letGo
	cs.mu.Unlock()
	select {
	case <-cs.done:
	case <-letGo:
	}
}

// OnStream registers f for each push. Without a listener pushes are refused.
func (cs *ClientSession) OnStream(f func(stream *ClientStream, request Headers, flags Flags)) Listener {
	mustListen("ClientSession.OnStream", f == nil)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return Listener{&cs.mu, &cs.onStream, cs.onStream.add(f)}
}

// RequestOptions modify a request.
type RequestOptions struct {
	// EndStream ends the request with its headers; by default GET, HEAD and
	// DELETE do.
	EndStream Opt[bool]
	// Exclusive, Parent and Weight say where the stream stands among the
	// others: see PriorityOptions. Without any of them nothing is said.
	Exclusive bool
	Parent    StreamID
	Weight    int
	// WaitForTrailers leaves the stream open after End, until SendTrailers:
	// the wantTrailers event says when. A request that ends with its headers has
	// none: there it is ErrInvalidArg.
	WaitForTrailers bool
}

// Request sends a request, or queues it while the connection is not up or the
// server's limit of concurrent streams is reached; at most 1000 may wait, and
// for the limit 30 s: see ConnectOptions. Of the headers :method is GET, :path is / and :scheme and :authority are those
// of the session unless given. When ctx is done, the stream ends with ErrAbort.
//
// Called outside the callbacks of the session, the stream holds its events
// until it has its first listener. To set several listeners before anything
// can happen, call Request within Session.Do.
//
// Errors: ErrInvalidArgType if ctx is nil, ErrInvalidSession, ErrGoAwaySession,
// ErrPendingLimit, ErrInvalidArg about options, those about fields that Respond has too, and for CONNECT ErrConnectAuthority,
// ErrConnectScheme and ErrConnectPath. Nothing was sent then. A bad :path is
// reported by the stream's error event.
func (cs *ClientSession) Request(ctx context.Context, h Headers, opts ...RequestOptions) (*ClientStream, error) {
	o, err := only(opts)
	switch {
	case ctx == nil:
		return nil, errNoContext
	case err != nil:
		return nil, err
	}
	cs.lock()
	defer cs.unlock()
	return cs.request(ctx, h, o)
}

func (cs *ClientSession) request(ctx context.Context, h Headers, o RequestOptions) (*ClientStream, error) {
	switch {
	case cs.closing && (!cs.destroyed || cs.shut && cs.conn == nil):
		return nil, ErrGoAwaySession
	case cs.destroyed:
		return nil, ErrInvalidSession
	case len(cs.pending) >= cs.maxPending:
		return nil, ErrPendingLimit
	}
	full, bad := cs.full(h)
	if bad != nil && bad != errBadPath {
		return nil, bad
	}
	head, end := endsItself(full.Method())
	end = o.EndStream.Or(end)
	if end && o.WaitForTrailers {
		return nil, ErrInvalidArg.with("The option WaitForTrailers has no use for a request that ends with its headers: EndStream is true, as it is for GET, HEAD and DELETE unless set")
	}
	st := &ClientStream{}
	st.s = &cs.Session
	st.role = asClient
	st.keepSent(full)
	if head {
		st.set(isHead)
	}
	if end {
		st.set(isEnding)
	}
	if o.Exclusive || o.Parent != 0 || o.Weight != 0 {
		p := PriorityOptions{Exclusive: o.Exclusive, Parent: o.Parent, Weight: o.Weight}.priority()
		st.extras().priority = &p
	}
	if o.WaitForTrailers {
		st.set(wantsTail)
	}
	if !cs.inTurn {
		st.set(isSilent)
	}
	cs.link(&st.Stream)
	if cs.watcher != nil {
		cs.watcher.created(&st.Stream, full)
	}
	cs.touched = true
	if bad == nil && ctx.Err() != nil {
		bad = abortError(ctx) // nothing of it is sent
	}
	if bad != nil {
		st.destroy(bad)
		return st, nil
	}
	if ctx.Done() != nil {
		st.watch(ctx)
	}
	if len(cs.pending) == 0 && cs.conn != nil && st.open() {
		return st, nil // as most are: at once
	}
	cs.pending = append(cs.pending, pendingRequest{st, cs.time()})
	if cs.conn != nil {
		cs.openPending()
	}
	return st, nil
}

// endsItself reports whether a request of the method is HEAD, and whether it has
// no body unless somebody says so.
func endsItself(method string) (head, end bool) {
	switch method {
	case "HEAD":
		return true, true
	case "GET", "DELETE":
		return false, true
	}
	return false, false
}

// full returns the headers of a request with all it needs, and what is wrong
// with them. Requests that repeat, as those of a busy client do, share them.
func (cs *ClientSession) full(h Headers) (full Headers, bad error) {
	if cs.sent.list != nil && (cs.isGiven(h) || sameFields(cs.given.list, h.list)) {
		return cs.sent, nil
	}
	full = Headers{requestFields(h, cs.defaultField)}
	bad = cs.checkRequest(full.list)
	if bad == nil && full.Len() <= keepFields {
		cs.given, cs.sent, cs.sentBlock = h, full, 0
	}
	return full, bad
}

// defaultField is the value of a pseudo-field that a request leaves out.
func (cs *ClientSession) defaultField(name string) string {
	switch name {
	case ":scheme":
		return cs.scheme
	case ":authority":
		return cs.authority
	}
	return "/"
}

// openPending sends what requests it may.
func (cs *ClientSession) openPending() {
	for len(cs.pending) > 0 && cs.conn != nil && !cs.closing {
		if !cs.pending[0].st.open() {
			return
		}
	}
}

func (cs *ClientSession) takePending() []pendingRequest {
	list := cs.pending
	cs.pending = nil
	return list
}

// onPush takes a promise of the server's.
func (cs *ClientSession) onPush(e *core.PushPromiseReceived) {
	if cs.short(e.Promised) {
		return
	}
	request := cs.view(e.Fields)
	st := &ClientStream{request: request}
	st.s, st.id = &cs.Session, e.Promised
	st.role = asClient
	st.set(isPush | isEnding | sentEnd)
	if e.Method == "HEAD" {
		st.set(isHead)
	}
	cs.link(&st.Stream)
	if cs.watcher != nil {
		cs.watcher.created(&st.Stream, request)
		cs.watcher.started(&st.Stream, request)
	}
	cs.mapped(&st.Stream)
	var few [2]func(*ClientStream, Headers, Flags)
	list := cs.onStream.take(few[:0])
	if n, ok := cs.opts.MaxReservedRemoteStreams.Get(); ok && n == 0 || len(list) == 0 {
		st.shut(core.RefusedStream, true, true)
		st.set(isDestroyed) // nobody knows of it
		st.leaveWire()
		st.enqueue(pendClose)
		return
	}
	cs.leave()
	defer st.called()
	for _, f := range list {
		f(st, request, FlagEndHeaders)
	}
}

// wasClosed is called when the session has emitted its last event.
func (cs *ClientSession) wasClosed() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	select {
	case <-cs.ready:
	default:
		close(cs.ready)
	}
	cs.said = true
	cs.maybeDone()
}

func (cs *ClientSession) maybeDone() {
	if cs.said && !cs.pumping {
		close(cs.done)
	}
}

func (cs *ClientSession) cancelDial() {
	if cs.dialing != nil {
		cs.dialing()
	}
}
