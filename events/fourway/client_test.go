package fourway

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"weft/events"
)

// A clientEnd is the client's end of a scenario, on package events. Its half
// runs in a goroutine of its own.
type clientEnd struct {
	end
	session *events.ClientSession
	unread  bool            // nobody listens to the data of requests
	heard   *signal         // the server's settings have come
	ctx     context.Context // of requests; nil for none
}

// do runs f in a turn of the session and waits for it.
func (w *clientEnd) do(f func()) {
	done := make(chan struct{})
	w.session.Do(func() {
		defer close(done)
		f()
	})
	w.await(done, "turn")
}

// request makes a request, watches its stream under the name of its path, and
// has then called in the same turn. It is not for callbacks: see ask.
func (w *clientEnd) request(h events.Headers, then ...func(st *events.ClientStream)) *events.ClientStream {
	return w.requestWith(events.RequestOptions{}, h, then...)
}

func (w *clientEnd) requestWith(o events.RequestOptions, h events.Headers, then ...func(st *events.ClientStream)) (st *events.ClientStream) {
	w.do(func() { st = w.ask(o, h, then...) })
	return st
}

// ask is requestWith for callbacks.
func (w *clientEnd) ask(o events.RequestOptions, h events.Headers, then ...func(st *events.ClientStream)) *events.ClientStream {
	name := h.Path()
	if name == "" {
		name = h.Method()
	}
	name = w.named(name)
	ctx := w.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	st, err := w.session.Request(ctx, h, o)
	if err != nil {
		w.say(name, "failed: %s", errorText(err))
		return nil
	}
	w.watchClient(st, name)
	for _, f := range then {
		f(st)
	}
	return st
}

// finish waits until a stream has closed.
func (w *clientEnd) finish(st *events.ClientStream) {
	if st != nil {
		w.closed(&st.Stream)
	}
}

func (w *clientEnd) watchClient(st *events.ClientStream, name string) {
	v := w.watch(&st.Stream, name, !w.unread)
	st.OnResponse(v.block("response"))
	st.OnPush(v.block("push"))
	st.OnHeaders(v.block("headers"))
	st.OnContinue(func() { v.say("continue") })
}

// takePushes watches what the server pushes, by the name "push " and its path.
func (w *clientEnd) takePushes(f func(st *events.ClientStream, h events.Headers)) {
	w.session.OnStream(func(st *events.ClientStream, h events.Headers, flags events.Flags) {
		name := w.named("push " + h.Path())
		w.say(name, "stream flags=%d %s", flags, fieldsText(h))
		w.watchClient(st, name)
		if f != nil {
			f(st, h)
		}
	})
}

// weftRun runs the client half of a scenario.
func weftRun(sc *scenario, pki *pki, port int) (transcript, error) {
	w := &clientEnd{end: newEnd(), heard: newSignal()}
	opts := events.ConnectOptions{}
	opts.Logger = slog.New(slog.DiscardHandler)
	if sc.clientOptions != nil {
		sc.clientOptions(&opts)
	}
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	if pki != nil {
		url = fmt.Sprintf("https://127.0.0.1:%d", port)
		opts.TLS = &tls.Config{RootCAs: pki.roots}
	}
	opts.Setup = func(cs *events.ClientSession) {
		w.session = cs
		w.watchSession(&cs.Session, w.named("session"))
		cs.OnRemoteSettings(func(events.Settings) { w.heard.fire() })
		if sc.before != nil {
			sc.before(w)
		}
	}
	if _, err := events.Connect(context.Background(), url, opts); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if sc.client != nil {
			sc.client(w)
		}
	}()
	w.await(done, "client half")
	w.quiet("session")
	w.session.Close()
	w.quiet("")
	told := w.told()
	w.session.Destroy(nil, 0)
	w.session.Wait()
	return told, nil
}
