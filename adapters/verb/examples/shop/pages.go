package main

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"weft/adapters/verb"
)

//go:embed pages
var pageFiles embed.FS

// templates are the pages, each with the layout.
var templates = func() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"asset": asset, "money": money,
	}).ParseFS(pageFiles, "pages/layout.html"))
	m := make(map[string]*template.Template)
	for _, name := range []string{"list", "cloth", "cart", "thanks", "status", "error"} {
		m[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, "pages/"+name+".html"))
	}
	return m
}()

// view is what the layout shows.
type view struct {
	Title  string
	Page   string
	Metres int    // in the cart
	First  bool   // nobody we know
	Way    string // how the page came
	Body   any
}

// page sends a page, and before it what it is about to need.
func (s *shop) page(req *verb.Request, res *verb.Response, name, title string, body any) error {
	_, visited := req.Cookie(visitedCookie)
	v := view{Title: title, Page: name, Metres: cartOf(req).metres(), First: !visited, Way: "HTTP/" + req.HTTPVersion(), Body: body}
	if st, ok := req.Stream(); ok {
		v.Way += fmt.Sprint(", stream ", st.ID())
	}
	if name != "error" {
		if ahead := s.prepare(req, res); ahead != "" {
			v.Way += ", with " + ahead
		}
	}
	var b strings.Builder
	if err := templates[name].Execute(&b, v); err != nil {
		return err
	}
	return res.HTML(b.String())
}

// failed answers errors with a page. What is ours to know is logged, not told.
func (s *shop) failed(err error, req *verb.Request, res *verb.Response, next verb.Next) {
	told, ok := errors.AsType[*verb.Error](err)
	if !ok || told.Status >= 500 || res.Sent() {
		next(err)
		return
	}
	title := http.StatusText(told.Status)
	if err := s.page(req, res.Status(told.Status), "error", title, text(told)); err != nil {
		next(err)
	}
}

// text is what a client is told of an error.
func text(e *verb.Error) string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Status == http.StatusNotFound:
		return "Nothing hangs on this hook."
	case e.Status == http.StatusRequestEntityTooLarge:
		return "That was more than the counter can hold."
	}
	return http.StatusText(e.Status) + "."
}

// money writes cents.
func money(cents int) string { return fmt.Sprintf("€ %d.%02d", cents/100, cents%100) }

func kibibytes(n int64) string { return fmt.Sprintf("%.1f KiB", float64(n)/1024) }
