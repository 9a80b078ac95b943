package verb

import (
	"io"
	"strings"
	"testing"
	"time"

	"weft/events"
)

func TestPushPolicies(t *testing.T) {
	app := newApp()
	skipped := &closer{Reader: strings.NewReader("x")}
	app.Get("/", func(_ *Request, res *Response) error {
		res.PushResources([]PushResource{
			{Path: "/a.css", Headers: events.H("etag", `"1"`), Content: strings.NewReader("p{}")},
			{Path: "/Dir/b", Content: skipped},
		}, AcceptsPush, NotCached, FirstVisit("visited"))
		return res.Cookie("visited", "yes", CookieOptions{MaxAge: 24 * time.Hour}).Text("page")
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		for _, x := range []struct {
			name, value string
			want        string // paths
			row         string
		}{
			{"x", "y", "/a.css /Dir/b", ""},
			{"accept-push-policy", "none", "", "rule.verb.push-policy"},
			{"accept-push-policy", "fast-load, None; a=b", "", ""},
			{"accept-push-policy", "fast-load", "/a.css /Dir/b", ""},
			{"cookie", "a=b; visited=yes", "", "rule.verb.push-policy"},
			{"cookie", "a=b", "/a.css /Dir/b", "rule.verb.push-critical-only"},
			{"if-none-match-%2fa.css", `W/"0", W/"1"`, "/Dir/b", "rule.verb.push-if-none-match"},
			{"if-none-match-%2fa.css", `"0"`, "/a.css /Dir/b", ""}, // an old copy
			{"if-none-match-%2fa.css", `*`, "/Dir/b", ""},
			{"if-none-match-%2fa.css", ``, "/Dir/b", ""},
			{"if-none-match-%2fdir%2fb", `"x"`, "/a.css", ""},
		} {
			skipped.closed = false
			var got []string
			for _, s := range l.get("/", x.name, x.value) {
				if path, ok := strings.CutPrefix(s, "promise GET "); ok {
					got = append(got, path)
				}
			}
			if s := strings.Join(got, " "); s != x.want {
				t.Errorf("%s: %s: pushed %q, want %q", x.name, x.value, s, x.want)
			}
			if !skipped.closed {
				t.Errorf("%s: %s: a content was left open", x.name, x.value)
			}
			if x.row != "" {
				covers(t, x.row)
			}
		}
		same(t, l.get("/", "accept-push-policy", "none"), "response / 200", `end / "page" NO_ERROR`)
	})
}

func TestIfNoneMatchField(t *testing.T) {
	if s := IfNoneMatchField("/A b/ü.css?v=1"); s != "if-none-match-%2fa%20b%2f%c3%bc.css%3fv%3d1" {
		t.Error(s)
	}
}

// A resource without content is an empty one, and what can't be opened is the
// push's failure alone.
func TestPushResources(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error {
		list := res.PushResources([]PushResource{
			{Path: "/none", Headers: events.H("content-type", "a")},
			{Path: "/broken", Content: &content{open: func() (io.Reader, error) { return nil, io.ErrClosedPipe }}},
		})
		if len(list) != 2 || list[1].Path() != "/broken" {
			t.Error(list)
		}
		<-list[1].done
		if list[1].Err() == nil || list[0].Err() != nil {
			t.Error(list[0].Err(), list[1].Err())
		}
		return res.Text("page")
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		same(t, l.get("/"),
			"promise GET /none", "push /none 200 a", `end /none "" NO_ERROR`,
			"promise GET /broken", "push /broken 200 ", `end /broken "" INTERNAL_ERROR`,
			"response / 200", `end / "page" NO_ERROR`)
		covers(t, "verb.pushResource.path", "verb.pushResource.headers")
	})
}
