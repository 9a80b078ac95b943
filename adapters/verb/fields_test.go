package verb

import (
	"errors"
	"net/http/httptest"
	"testing"

	"weft/events"
)

// Fields that may not be sent fail by net/http as they do by HTTP/2, whatever
// method sets them, and nothing of them is sent.
func TestFieldsByNetHTTP(t *testing.T) {
	for _, x := range []struct {
		why string
		set func(res *Response) error
		err error
	}{
		{"Header", func(res *Response) error { return res.Header("x", "a\r\nb: c").Text("") }, events.ErrInvalidChar},
		{"the second value", func(res *Response) error { return res.Header("x", "a", "b\nc").Text("") }, events.ErrInvalidChar},
		{"AddHeader", func(res *Response) error { return res.AddHeader("x", "a\x00").Text("") }, events.ErrInvalidChar},
		{"Trailer", func(res *Response) error { return res.Trailer("x", "a\r").Text("") }, events.ErrInvalidChar},
		{"Redirect", func(res *Response) error { return res.Redirect("/\r\nx: y") }, events.ErrInvalidChar},
		{"EarlyHints", func(res *Response) error { return res.EarlyHints("</a>\n") }, events.ErrInvalidChar},
		{"a name with a space", func(res *Response) error { return res.Header("x y", "a").Text("") }, events.ErrInvalidToken},
		{"a name with a line break", func(res *Response) error { return res.Header("x\r\ny", "a").Text("") }, events.ErrInvalidToken},
		{"no name", func(res *Response) error { return res.AddHeader("", "a").Text("") }, events.ErrInvalidToken},
		{"what may be sent", func(res *Response) error { return res.Header("X-Y_z", "a\tb\xe4").Text("") }, nil},
	} {
		app := CreateServer(HTTP2)
		var err error
		app.Get("/", func(_ *Request, res *Response) error {
			err = x.set(res)
			return nil
		})
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if !errors.Is(err, x.err) {
			t.Errorf("%s: %v, want %v", x.why, err, x.err)
		}
		for name, values := range w.Header() {
			if checkFields(name, values...) != nil {
				t.Errorf("%s: sent %q: %q", x.why, name, values)
			}
		}
	}
}
