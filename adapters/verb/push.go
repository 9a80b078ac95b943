package verb

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"weft/core"
	"weft/events"
)

// PushStreamOptions bound the pushes of an App.
type PushStreamOptions struct {
	// MaxConcurrent is how many pushes of a connection may be open at once; 0
	// is none, default 10. A client that accepts fewer streams gets fewer. One
	// more is ErrPushLimit.
	MaxConcurrent events.Opt[int]
	// Timeout is how long a push may be open, from its promise to its last
	// byte; 0 is for ever, default 30 s. Beyond it the push is reset with
	// CANCEL, and fails with ErrPushTimeout.
	Timeout events.Opt[time.Duration]
}

const (
	defaultPushes      = 10
	defaultPushTimeout = 30 * time.Second
)

func (o *PushStreamOptions) check() error {
	if n := o.MaxConcurrent.Or(0); n < 0 {
		return outOfRange("HTTP2.PushStreams.MaxConcurrent", n, "0 or more")
	}
	if t := o.Timeout.Or(0); t < 0 {
		return outOfRange("HTTP2.PushStreams.Timeout", t, "0 or more")
	}
	return nil
}

// Errors of pushes. One that the client does not take is
// events.ErrPushDisabled; one that it has refused or broken off is an
// *events.Error.
var (
	// ErrPushLimit: as many pushes of the connection are open as may be, by
	// PushStreams.MaxConcurrent or by what the client accepts.
	ErrPushLimit = errors.New("verb: as many pushes are open as may be at once")
	// ErrPushTimeout: the push was open for longer than PushStreams.Timeout. It
	// matches os.ErrDeadlineExceeded.
	ErrPushTimeout = fmt.Errorf("verb: a push took too long: %w", os.ErrDeadlineExceeded)
)

// PushOptions say more about a push.
type PushOptions struct {
	// Method is that of the promised request, GET or HEAD; default GET. The
	// answer to HEAD has no body: what is written is dropped.
	Method string
	// Headers are those of the pushed response. Its status is 200, unless
	// :status is among them.
	Headers events.Headers
	// Request has more fields of the promised request: those that the response
	// depends on by its field vary.
	Request events.Headers
}

// pushes reports whether the options allow pushes.
func (o *HTTP2Options) pushes() bool { return o.Settings.EnablePush.Or(o.EnablePush.Or(true)) }

// CanPush reports whether Push has a chance: the request came by HTTP/2, the
// client has not disabled pushes, as browsers do, and neither have the options
// EnablePush. In an App that is an http.Handler of net/http there are none.
func (r *Response) CanPush() bool {
	_, err := r.pusher()
	return err == nil
}

// pusher returns the stream that may promise. A middleware of net/http around
// the handler changes nothing about it.
func (r *Response) pusher() (*events.ServerStream, error) {
	st, ok := (*native)(r).stream()
	if !ok || !r.app.options().HTTP2.pushes() || !st.PushAllowed() {
		return nil, events.ErrPushDisabled
	}
	return st, nil
}

// Push promises the client the response to a request for a path of this origin
// that it did not make, and returns at once what the body of that response is
// written to (RFC 9113 §8.4). The path begins with a slash, and may have a query.
// Push before sending what refers to the path, or else the client asks for it
// meanwhile. Only what every visit needs at once is worth a push.
//
// A push never fails with an error here, and never harms the response it comes
// with: see PushStream.OnError and Err. Where there are no pushes, see CanPush,
// it has failed with events.ErrPushDisabled; others are ErrPushLimit, and those
// of events.ServerStream.PushStream and Respond.
func (r *Response) Push(path string, opts ...PushOptions) *PushStream {
	var o PushOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	if o.Method == "" {
		o.Method = "GET"
	}
	p := &PushStream{path: path, app: r.app, done: make(chan struct{}), room: make(chan struct{}, 1)}
	more := r.request().extra()
	more.pushes = append(more.pushes, p)
	if main, err := r.pusher(); err != nil {
		p.fail(err)
	} else if err := p.promise(main, &o); err == nil {
		r.request().pushed(p.st)
	} else {
		p.mistaken = isMistake(err)
		p.fail(err)
	}
	return p
}

// promise makes p a push on the stream of a request.
func (p *PushStream) promise(main *events.ServerStream, o *PushOptions) error {
	if o.Method != "GET" && o.Method != "HEAD" {
		return outOfRange("the method of a push", o.Method, "GET or HEAD")
	}
	request := events.H(":method", o.Method, ":path", p.path)
	for name, value := range o.Request.All() {
		if strings.HasPrefix(name, ":") {
			return fmt.Errorf("%w: %s", errPseudo, name)
		}
		request.Add(name, value)
	}
	if p.session = main.Session(); p.session == nil {
		return events.ErrPushDisabled
	}
	opts := &p.app.options().HTTP2.PushStreams
	limit := opts.MaxConcurrent.Or(defaultPushes)
	if n, ok := p.session.RemoteSettings().MaxConcurrentStreams.Get(); ok && int64(n) < int64(limit) {
		limit = int(n)
	}
	if !p.app.pushes.take(p.session, limit) {
		return ErrPushLimit
	}
	st, err := main.PushStream(request)
	if err != nil {
		p.app.pushes.give(p.session)
		return err
	}
	p.st = st
	p.watch(opts.Timeout.Or(defaultPushTimeout))
	if err := st.Respond(o.Headers); errors.Is(err, events.ErrInvalidStream) {
		return nil // the client was quick to reset it, which is an event
	} else if err != nil {
		p.mistaken = isMistake(err)
		p.fail(err)
		st.Close(events.Cancel)
		return err
	}
	p.bodiless = !st.Writable()
	return nil
}

// isMistake reports whether a push failed for what it was asked to be, whatever
// the client.
func isMistake(err error) bool {
	var field *core.FieldError
	return errors.Is(err, errPseudo) || errors.Is(err, events.ErrOutOfRange) || errors.As(err, &field) ||
		errors.Is(err, events.ErrStatusInvalid) || errors.Is(err, events.ErrHeaderSingleValue)
}

var errPseudo = errors.New("verb: more fields of a promised request include one that Push sets")

// pushPlaces counts the pushes that are open, by connections: only those with
// any are there.
type pushPlaces struct {
	mu   sync.Mutex
	open map[*events.ServerSession]int
}

// take counts one more, unless limit are open.
func (l *pushPlaces) take(s *events.ServerSession, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[s] >= limit {
		return false
	}
	if l.open == nil {
		l.open = make(map[*events.ServerSession]int)
	}
	l.open[s]++
	return true
}

func (l *pushPlaces) give(s *events.ServerSession) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[s]--; l.open[s] == 0 {
		delete(l.open, s)
	}
}
