package verb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// The way of a request, as it is in Express: told once more, as plainly as can be, and
// compared with Apps at random.

// part is something registered. What it does is one of the words of act.
type part struct {
	kind string // use, error, route or mount
	act  string
	id   int
	sub  []part
}

// modelWalk is a request's way through the parts of an App.
type modelWalk struct {
	parts  []part
	up     *modelWalk
	trace  *[]string
	status *int // 0: there is no answer
}

func (w *modelWalk) next(err error) {
	for len(w.parts) > 0 {
		p := w.parts[0]
		w.parts = w.parts[1:]
		if (err != nil) != (p.kind == "error") {
			continue
		}
		if p.kind == "mount" {
			(&modelWalk{p.sub, w, w.trace, w.status}).next(nil)
			return
		}
		*w.trace = append(*w.trace, seen(p, err))
		w.do(p, err)
		return
	}
	switch {
	case w.up != nil:
		w.up.next(err)
	case *w.status == 0 && err != nil:
		*w.status = 500
	case *w.status == 0:
		*w.status = 404
	}
}

func (w *modelWalk) do(p part, err error) {
	for word := range strings.FieldsSeq(p.act) {
		switch word {
		case "answer":
			if *w.status == 0 {
				*w.status = 200
			}
		case "next":
			w.next(nil)
		case "pass":
			w.next(err)
		case "fail", "panic":
			w.next(p.failure())
		}
	}
}

func (p part) failure() error { return fmt.Errorf("of %d", p.id) }

func seen(p part, err error) string {
	var panicked *PanicError
	if errors.As(err, &panicked) {
		err = panicked.Value.(error)
	}
	return fmt.Sprint(p.kind, p.id, " ", err)
}

// register registers the parts with an App.
func register(app *App, parts []part, trace *[]string) {
	for _, p := range parts {
		do := func(err error, res *Response, next Next) {
			*trace = append(*trace, seen(p, err))
			for word := range strings.FieldsSeq(p.act) {
				switch word {
				case "answer":
					res.Text("")
				case "next":
					next()
				case "pass":
					next(err)
				case "fail":
					next(p.failure())
				case "panic":
					panic(p.failure())
				}
			}
		}
		switch p.kind {
		case "use":
			app.Use(func(_ *Request, res *Response, next Next) { do(nil, res, next) })
		case "error":
			app.UseError(func(err error, _ *Request, res *Response, next Next) { do(err, res, next) })
		case "route":
			app.Get("/", func(_ *Request, res *Response) (err error) {
				do(nil, res, func(errs ...error) { err = firstError(errs) })
				return err
			})
		case "mount":
			sub := newApp()
			register(sub, p.sub, trace)
			app.Mount("/", sub)
		}
	}
}

func TestWalkAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	id := 0
	var some func(depth int, last string) []part
	some = func(depth int, last string) (parts []part) {
		for range 1 + r.IntN(6) {
			id++
			p := part{id: id}
			switch n := r.IntN(10); {
			case n < 4:
				p.kind, p.act = "use", one("next", "next", "next", "fail", "answer", "answer next", "answer fail", last)
			case n < 6:
				p.kind, p.act = "error", one("pass", "pass", "fail", "answer", "next", last)
			case n < 7 && depth < 2:
				p.kind, p.sub = "mount", some(depth+1, last)
			default:
				p.kind, p.act = "route", one("answer", "fail", "answer fail")
			}
			parts = append(parts, p)
		}
		return parts
	}
	for range 3000 {
		id = 0
		// A panic also ends the middlewares around it, which then call nothing twice.
		parts := some(0, one("next next", "panic"))
		status, want, got := 0, []string(nil), []string(nil)
		(&modelWalk{parts, nil, &want, &status}).next(nil)
		if status == 0 {
			status = 200 // nobody has said anything
		}
		app := newApp()
		register(app, parts, &got)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != status || !slices.Equal(got, want) {
			t.Fatalf("%+v\ngot  %d %q\nwant %d %q", parts, w.Code, got, status, want)
		}
	}
}
