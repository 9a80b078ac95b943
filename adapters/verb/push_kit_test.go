package verb

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// linked is a client and an app on a link with virtual time. It notes, in the
// order in which they come, the promises and what the server sends.
type linked struct {
	t      *testing.T
	link   *mem.Link
	client *events.ClientSession
	log    []string
	// accept is asked about each push that was promised; nil takes them all.
	accept func(st *events.ClientStream, path string)
}

// onLink runs f with an app and its client in a bubble of its own.
func onLink(t *testing.T, app *App, o events.SessionOptions, f func(l *linked)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := app.Server()
		if err != nil {
			t.Fatal(err)
		}
		ss, err := server.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		client, err := events.NewClientSession(mem.Epoch, "http://example.org", o)
		if err != nil {
			t.Fatal(err)
		}
		l := &linked{t: t, client: client, link: mem.NewLink(client, ss, mem.Options{Seed: 1})}
		client.OnStream(l.promised)
		f(l)
		client.Destroy(nil, core.NoError)
		l.settle()
	})
}

func (l *linked) note(format string, args ...any) {
	l.log = append(l.log, fmt.Sprintf(format, args...))
}

func (l *linked) promised(st *events.ClientStream, h events.Headers, _ events.Flags) {
	l.note("promise %s %s", h.Method(), h.Path())
	st.OnPush(func(r events.Headers, _ events.Flags) {
		l.note("push %s %d %s", h.Path(), r.Status(), r.Get("content-type"))
	})
	l.watch(&st.Stream, h.Path())
	if l.accept != nil {
		l.accept(st, h.Path())
	}
}

func (l *linked) watch(st *events.Stream, path string) {
	var body strings.Builder
	st.OnData(func(p []byte) { body.Write(p) })
	st.OnError(func(error) {})
	st.OnClose(func() {
		code, _ := st.RSTCode()
		s := body.String()
		if len(s) > 40 {
			s = fmt.Sprint(len(s), " bytes")
		}
		l.note("end %s %q %v", path, s, code)
	})
}

// get asks for a path, and returns what came about until nothing moves.
func (l *linked) get(path string, fields ...string) []string {
	l.t.Helper()
	st, err := l.client.Request(context.Background(), events.H(append([]string{":path", path}, fields...)...))
	if err != nil {
		l.t.Fatal(err)
	}
	st.OnResponse(func(h events.Headers, _ events.Flags) { l.note("response %s %d", path, h.Status()) })
	l.watch(&st.Stream, path)
	return l.took()
}

// settle runs the link and the handlers until nothing moves.
func (l *linked) settle() {
	for last := int64(-1); ; {
		l.link.Settle()
		synctest.Wait()
		l.link.Settle()
		sent := l.link.Sent(mem.A) + l.link.Sent(mem.B)
		if sent == last {
			return
		}
		last = sent
	}
}

// took settles, and returns what was noted since it was called.
func (l *linked) took() []string {
	l.settle()
	log := l.log
	l.log = nil
	return log
}

// same compares what happened.
func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("happened:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// closer is a reader that notes that it was closed.
type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}
