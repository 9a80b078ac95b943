package verb

import (
	"fmt"
	"strings"
	"testing"

	"weft/events"
)

// On a link, where nothing runs but what the link runs: what is inline has its
// answer when the link has settled.
func TestInline(t *testing.T) {
	app := newApp().WithOptions(Options{Inline: events.Set(true)})
	app.Get("/text/:id", func(req *Request, res *Response) error { return res.Text(req.Param("id")) })
	app.Get("/pieces", func(_ *Request, res *Response) error {
		for range 20 { // far more than the client's window: it does not wait
			if _, err := res.Write([]byte(strings.Repeat("x", 10_000))); err != nil {
				return err
			}
		}
		return nil
	})
	app.Get("/panic", func(*Request, *Response) error { panic("oh") })
	app.Get("/nothing", func(*Request, *Response) error { return nil })
	bodies := newApp().WithOptions(Options{Inline: events.Set(true)})
	bodies.Post("/body", func(req *Request, res *Response) error {
		b, err := req.Bytes() // blocks, in a goroutine
		if err != nil {
			return err
		}
		return res.Text(string(b))
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		ask := func(path string) (got string) {
			l.client.Do(func() {
				st, err := l.client.Request(l.t.Context(), events.H(":path", path))
				if err != nil {
					t.Error(err)
					return
				}
				n := 0
				st.OnData(func(p []byte) { n += len(p) })
				st.OnEnd(func() {
					h, _ := st.Response()
					got = fmt.Sprint(h.Status(), " ", n)
				})
			})
			l.link.Settle()
			return got
		}
		for path, want := range map[string]string{
			"/text/7": "200 1", "/pieces": "200 200000", "/panic": "500 22", "/nothing": "200 0", "/none": "404 10",
		} {
			if got := ask(path); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	})
	dial(t, bodies).do("POST", "/body", "hello").is(t, 200, "hello")
}
