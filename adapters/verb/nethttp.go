package verb

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"weft/core"
	"weft/events"
)

// ServeHTTP serves a request of package net/http.
func (app *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := borrow(w, r)
	app.serve(callBy(c, r.Method))
	if c.broken {
		panic(http.ErrAbortHandler)
	}
}

func targetOf(r *http.Request) string {
	if r.RequestURI != "" && r.URL.RequestURI() == r.RequestURI {
		return r.RequestURI
	}
	return r.URL.RequestURI() // by StripPrefix, say, it is another
}

func fieldsOf(r *http.Request) events.Headers {
	var h events.Headers
	h.Add("host", r.Host)
	for name, values := range r.Header {
		h.Add(name, values...)
	}
	return h
}

// borrowed is a request of package net/http.
type borrowed struct {
	w      http.ResponseWriter
	r      *http.Request
	fields events.Headers // of r, as they came
	url    string
	code   int
	begun  bool
	over   bool // the body is complete
	broken bool
}

func borrow(w http.ResponseWriter, r *http.Request) *borrowed {
	return &borrowed{w: w, r: r, fields: fieldsOf(r), url: targetOf(r)}
}

func (c *borrowed) method() string          { return c.r.Method }
func (c *borrowed) target() string          { return c.url }
func (c *borrowed) headers() events.Headers { return c.fields }
func (c *borrowed) version() string {
	return strconv.Itoa(c.r.ProtoMajor) + "." + strconv.Itoa(c.r.ProtoMinor)
}
func (c *borrowed) peer() string                         { return c.r.RemoteAddr }
func (c *borrowed) stream() (*events.ServerStream, bool) { return nil, false }
func (c *borrowed) context() context.Context             { return c.r.Context() }
func (c *borrowed) body() io.Reader {
	if c.r.Body == nil { // a server's request has one, a test's may not
		return http.NoBody
	}
	return c.r.Body
}

func (c *borrowed) setHeader(name string, values ...string) error {
	if c.begun {
		return events.ErrHeadersSent
	}
	if err := checkFields(name, values...); err != nil {
		return err
	}
	if len(values) == 0 {
		return fmt.Errorf("%w: %q has none", events.ErrInvalidHeaderValue, name)
	}
	c.w.Header()[textproto.CanonicalMIMEHeaderKey(name)] = slices.Clone(values)
	return nil
}

func (c *borrowed) addHeader(name, value string) error {
	if c.begun {
		return events.ErrHeadersSent
	}
	if err := checkFields(name, value); err != nil {
		return err
	}
	c.w.Header().Add(name, value)
	return nil
}

func (c *borrowed) has(name string) bool        { return len(c.values(name)) > 0 }
func (c *borrowed) header(name string) string   { return strings.Join(c.values(name), ", ") }
func (c *borrowed) values(name string) []string { return c.w.Header().Values(name) }
func (c *borrowed) dropHeader(name string)      { c.w.Header().Del(name) }
func (c *borrowed) sent() bool                  { return c.begun }
func (c *borrowed) setStatus(code int) error {
	if code < 200 || code > 599 {
		return fmt.Errorf("%w: %d: must be 200 to 599", events.ErrStatusInvalid, code)
	}
	if !c.begun {
		c.code = code
	}
	return nil
}

func (c *borrowed) headerNames() (names []string) {
	for name := range c.w.Header() {
		names = append(names, name)
	}
	return names
}

func (c *borrowed) status() int {
	if c.code == 0 {
		return http.StatusOK
	}
	return c.code
}

func (c *borrowed) head() {
	if !c.begun {
		c.begun = true
		c.w.WriteHeader(c.status())
	}
}

func (c *borrowed) write(p []byte) (int, error) {
	if c.over {
		return 0, events.ErrWriteAfterEnd
	}
	c.head()
	if isBare(c.code) {
		return len(p), nil
	}
	return c.w.Write(p)
}

func (c *borrowed) flush() error {
	c.head()
	return http.NewResponseController(c.w).Flush()
}

func (c *borrowed) endAll(p []byte) error {
	if c.begun {
		return events.ErrHeadersSent
	}
	return c.end(p)
}

func (c *borrowed) end(p []byte) error {
	c.head()
	c.over = true
	if len(p) == 0 || c.r.Method == http.MethodHead {
		return nil
	}
	_, err := c.w.Write(p)
	return err
}

func (c *borrowed) sendFrom(src io.Reader, size int64) (err error) {
	if f, ok := src.(io.Closer); ok {
		defer f.Close()
	}
	c.head()
	c.over = true
	switch {
	case c.r.Method == http.MethodHead, isBare(c.code):
	case size < 0:
		_, err = io.Copy(c.w, src)
	default:
		_, err = io.CopyN(c.w, src, size)
	}
	c.broken = c.broken || err != nil // what was sent must not look complete
	return err
}

func (c *borrowed) hint(links []string) error {
	if c.begun {
		return nil
	}
	if err := checkFields("link", links...); err != nil {
		return err
	}
	h := c.w.Header()
	had := h["Link"]
	h["Link"] = links
	c.w.WriteHeader(http.StatusEarlyHints)
	if h["Link"] = had; had == nil {
		delete(h, "Link")
	}
	return nil
}

func (c *borrowed) setTrailer(name string, values []string) error {
	if err := checkFields(name, values...); err != nil {
		return err
	}
	switch {
	case c.over:
		return events.ErrTrailersAlreadySent
	case !core.FitsTrailers(strings.ToLower(name)):
		return fmt.Errorf("%w: %q has no place in trailers", events.ErrInvalidHeaderValue, name)
	case c.begun:
		// Headers that wait for the end of a short body would be sent with its
		// length, and leave no place for trailers.
		http.NewResponseController(c.w).Flush()
	}
	c.w.Header()[http.TrailerPrefix+textproto.CanonicalMIMEHeaderKey(name)] = slices.Clone(values)
	return nil
}

func (c *borrowed) destroy(error) { c.broken = true }

// HTTP makes a handler of an http.Handler, which sees the whole path; what the
// pattern captured it finds by http.Request.PathValue.
//
//	app.All("/assets/*", verb.HTTP(http.StripPrefix("/assets", http.FileServerFS(assets))))
func HTTP(h http.Handler) Handler {
	if h == nil {
		panic("verb: an http.Handler that is nil")
	}
	return func(req *Request, res *Response) error {
		r, err := req.http()
		if err != nil {
			return err
		}
		w := newWriter(res)
		h.ServeHTTP(w, r)
		return w.finish()
	}
}

// http returns the request as net/http has it.
func (r *Request) http() (*http.Request, error) {
	if c, ok := r.carrier().(*borrowed); ok {
		out := c.r
		if body := r.bodyRead(); body != nil {
			out = out.WithContext(out.Context()) // it is the caller's
			out.Body = io.NopCloser(body)
		}
		if ctx := r.rare().context; ctx != nil {
			out = out.WithContext(ctx)
		}
		return r.withParams(out), nil
	}
	c := (*native)(r)
	out, err := requestOf(c.req)
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Cause: err}
	}
	if st, ok := c.stream(); !c.bodiless && (!ok || !st.EndAfterHeaders()) {
		out.Body = io.NopCloser(r.Body())
		if body := r.bodyRead(); body != nil {
			out.Body = io.NopCloser(body)
		}
		if out.ContentLength, err = strconv.ParseInt(r.Get("content-length"), 10, 64); err != nil {
			out.ContentLength = -1
		}
	}
	return r.withParams(out.WithContext(r.Context())), nil
}

// bodyRead returns what Bytes has read, and how that ended; nil if it was not
// called.
func (r *Request) bodyRead() io.Reader {
	switch more := r.more; {
	case more == nil || !more.read:
		return nil
	case more.bodyOf != nil:
		return io.MultiReader(bytes.NewReader(more.body), failing{more.bodyOf})
	default:
		return bytes.NewReader(more.body)
	}
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// requestOf returns a request of package events as net/http has it, without the
// body.
func requestOf(req *events.Request) (*http.Request, error) {
	u, err := url.ParseRequestURI(req.URL())
	if err != nil {
		return nil, err
	}
	out := &http.Request{
		Method: req.Method(), URL: u, Header: make(http.Header), Host: req.Authority(), RequestURI: req.URL(),
		Proto: "HTTP/" + req.HTTPVersion(), ProtoMajor: req.HTTPVersionMajor(), ProtoMinor: req.HTTPVersionMinor(),
		Body: http.NoBody,
	}
	for name, value := range req.Headers().All() {
		if name[0] != ':' && name != "host" {
			out.Header.Add(name, value)
		}
	}
	if out.Host == "" {
		out.Host = req.Headers().Get("host")
	}
	socket := req.Socket()
	out.RemoteAddr = socket.RemoteAddr().String()
	if state, ok := socket.ConnectionState(); ok {
		out.TLS = &state
	}
	return out, nil
}

func (r *Request) withParams(out *http.Request) *http.Request {
	for _, p := range r.params() {
		out.SetPathValue(p.name, p.value)
	}
	return out
}

// writer is a response as net/http has it. It keeps to the carrier there was
// when it was made: what is further in may have another.
type writer struct {
	outer *Response
	res   *Response
	h     http.Header
	begun bool
	left  int64 // of the length that was announced; negative: none was
}

var _ http.Flusher = (*writer)(nil)

func newWriter(res *Response) *writer {
	c := res.carrier()
	w := &writer{outer: res, res: &Response{more: &requestMore{carrier: c}}, h: make(http.Header)}
	for _, name := range c.headerNames() {
		w.h[textproto.CanonicalMIMEHeaderKey(name)] = slices.Clone(c.values(name))
	}
	return w
}

func (w *writer) Header() http.Header { return w.h }

func (w *writer) WriteHeader(code int) {
	switch {
	case w.begun:
		return
	case code < 100 || code > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %d", code)) // as net/http has it
	case code == http.StatusEarlyHints:
		w.res.EarlyHints(w.h.Values("Link")...)
		return
	case code < 200:
		return // the connection says what it has to by itself
	}
	w.begun, w.left = true, -1
	if n, err := strconv.ParseInt(w.h.Get("Content-Length"), 10, 64); err == nil {
		w.left = n
	}
	w.res.reset()
	for name, values := range w.h {
		if len(values) > 0 && !strings.HasPrefix(name, http.TrailerPrefix) && !w.isTrailer(name) {
			w.res.Header(name, values...)
		}
	}
	w.res.Status(code)
}

// isTrailer reports whether a field was announced as a trailer.
func (w *writer) isTrailer(name string) bool {
	for _, list := range w.h["Trailer"] {
		for s := range strings.SplitSeq(list, ",") {
			if textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(s)) == name {
				return true
			}
		}
	}
	return false
}

func (w *writer) Write(p []byte) (int, error) {
	if !w.begun {
		if w.h.Get("Content-Type") == "" && len(p) > 0 && w.h.Get("Content-Encoding") == "" {
			w.h.Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	if w.left >= 0 {
		if int64(len(p)) > w.left {
			return 0, http.ErrContentLength // and none of it, as with net/http
		}
		w.left -= int64(len(p))
	}
	return w.res.Write(p)
}

func (w *writer) Flush() { w.FlushError() }

// FlushError is for http.ResponseController.
func (w *writer) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return w.res.Flush()
}

// finish is what is left to do when a handler has returned.
func (w *writer) finish() error {
	err := w.end()
	w.outer.ended = err == nil // else there may be another answer, if nothing was sent
	return err
}

// end ends the response.
func (w *writer) end() error {
	w.WriteHeader(http.StatusOK)
	for name, values := range w.h {
		if plain, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			w.res.Trailer(plain, values...)
		} else if w.isTrailer(name) && len(values) > 0 {
			w.res.Trailer(name, values...)
		}
	}
	if err := w.res.End(); err != nil {
		return fmt.Errorf("verb: what a handler answered can't be sent: %w", err)
	}
	return nil
}
