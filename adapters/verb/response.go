package verb

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"weft/adapters/websocket"
	"weft/events"
)

// Response is the response to a request. What is set before the first of its
// body was sent goes with it; the first error of Status, Header, Cookie and
// their like is returned by the method that then sends.
type Response call

// request returns the request that is answered.
func (r *Response) request() *Request { return (*Request)(r) }

func (r *Response) carrier() carrier { return (*call)(r).carrier() }

// fail keeps the first error.
func (r *Response) fail(err error) *Response {
	if err != nil && r.failed() == nil {
		r.request().extra().err = err
	}
	return r
}

// failed returns the error that was kept.
func (r *Response) failed() error {
	if r.more == nil {
		return nil
	}
	return r.more.err
}

// Status sets the status, 200 to 599; 200 unless set. With 204, 205 and 304 there
// is no body: what is sent or written is dropped, as it is in the answer to HEAD.
func (r *Response) Status(code int) *Response {
	err := r.carrier().setStatus(code)
	if err == nil {
		r.bare = isBare(code)
	}
	return r.fail(err)
}

// isBare reports whether a response of that status has no body (RFC 9110 §15.3.5,
// §15.3.6, §15.4.5).
func isBare(status int) bool {
	switch status {
	case http.StatusNoContent, http.StatusResetContent, http.StatusNotModified:
		return true
	}
	return false
}

// StatusCode returns the status that was sent, or is to be sent.
func (r *Response) StatusCode() int { return r.carrier().status() }

// Header sets a header field, in place of those of that name; several values
// make several fields.
func (r *Response) Header(name string, values ...string) *Response {
	if c := (*call)(r).native(); c != nil { // so that values need not be on the heap
		return r.fail(c.setHeader(name, values...))
	}
	return r.fail(r.carrier().setHeader(name, slices.Clone(values)...))
}

// AddHeader adds a header field to those of that name.
func (r *Response) AddHeader(name, value string) *Response {
	return r.fail(r.carrier().addHeader(name, value))
}

// Get returns the value of a header field that is set, "" if there is none.
func (r *Response) Get(name string) string { return r.carrier().header(name) }

// Sent reports whether the headers were sent, or the response has ended.
func (r *Response) Sent() bool { return r.ended || r.carrier().sent() }

// CookieOptions are the attributes of a cookie.
type CookieOptions struct {
	// MaxAge is how long the client keeps the cookie, in whole seconds;
	// negative: it removes it. 0 leaves it to Expires, and without that to the
	// end of the client's session.
	MaxAge  time.Duration
	Expires time.Time
	// Path is where the cookie is sent to; default "/".
	Path        string
	Domain      string
	Secure      bool
	HTTPOnly    bool
	SameSite    http.SameSite
	Partitioned bool
}

// Cookie adds a cookie. Bytes that a cookie can't have are an error.
func (r *Response) Cookie(name, value string, opts ...CookieOptions) *Response {
	var o CookieOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	c := http.Cookie{
		Name: name, Value: value, Path: o.Path, Domain: o.Domain, Expires: o.Expires,
		Secure: o.Secure, HttpOnly: o.HTTPOnly, SameSite: o.SameSite, Partitioned: o.Partitioned,
		MaxAge: int(o.MaxAge / time.Second),
	}
	if o.MaxAge != 0 && c.MaxAge == 0 {
		c.MaxAge = -1 // gone before a second has passed
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if o.SameSite < 0 || o.SameSite > http.SameSiteNoneMode {
		return r.fail(outOfRange("SameSite", int(o.SameSite), "0 or a constant of net/http"))
	}
	if err := c.Valid(); err != nil {
		return r.fail(err)
	}
	return r.AddHeader("set-cookie", c.String())
}

// ClearCookie has the client remove a cookie; the options have to name the path
// and domain it was set with.
func (r *Response) ClearCookie(name string, opts ...CookieOptions) *Response {
	var o CookieOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	o.MaxAge = -1
	return r.Cookie(name, "", o)
}

// Trailer sets a field that follows the body.
func (r *Response) Trailer(name string, values ...string) *Response {
	return r.fail(r.carrier().setTrailer(name, values))
}

// Send sends a body and ends the response. A content-type that was not set is
// application/octet-stream, none without a body.
//
// Errors: the first one of Status, Header and their like, events.ErrHeadersSent
// if it was sent before, events.ErrInvalidStream if the client has gone; nothing
// was sent then. Those of Text and HTML are the same.
func (r *Response) Send(p []byte) error {
	t := "application/octet-stream"
	if len(p) == 0 {
		t = ""
	}
	return r.send(p, t, false)
}

// Text sends plain text in UTF-8 and ends the response.
func (r *Response) Text(s string) error {
	return r.send(bytesOf(s), "text/plain; charset=utf-8", true)
}

// HTML sends a page in UTF-8 and ends the response.
func (r *Response) HTML(s string) error {
	return r.send(bytesOf(s), "text/html; charset=utf-8", true)
}

// JSON sends a value as JSON, and ends the response. An error of json.Marshal is
// returned, and nothing sent.
func (r *Response) JSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.send(b, "application/json; charset=utf-8", false)
}

// bytesOf returns the bytes of a string, which must not be changed.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// send sends a body, that of a string if fixed, of a type unless another was set,
// or "" for none.
func (r *Response) send(p []byte, t string, fixed bool) error {
	if r.ended {
		r.fail(events.ErrHeadersSent)
	}
	if r.bare {
		p, t = nil, ""
	}
	c := r.carrier()
	if t != "" && !c.has("content-type") {
		r.Header("content-type", t)
	}
	if len(p) > 0 && !c.has("content-length") {
		r.Header("content-length", strconv.Itoa(len(p)))
	}
	if err := r.failed(); err != nil {
		return err
	}
	var err error
	if n := (*call)(r).native(); n == nil {
		if fixed {
			p = bytes.Clone(p) // net/http's writers may be anybody's
		}
		err = c.endAll(p)
	} else if fixed {
		err = n.res.EndAllString(unsafe.String(unsafe.SliceData(p), len(p)))
	} else {
		err = n.res.EndAll(p)
	}
	if err != nil {
		if err == events.ErrHeadersSent {
			r.fail(err)
		}
		return err
	}
	r.ended = true
	return nil
}

// SendFrom sends size bytes read from src as the body, -1 for all up to io.EOF,
// and ends the response. It does not wait: src is read as the client makes room,
// never more than 64 KiB ahead, in turns of the connection, so that it should be
// something that does not block; by net/http it is read before SendFrom returns.
// It is closed in the end, if it can be. Should it fail, or end early, the
// response is broken off.
//
// Errors: those of Send, and events.ErrOutOfRange for a size below -1.
func (r *Response) SendFrom(src io.Reader, size int64) error {
	if r.failed() == nil && r.Sent() {
		r.fail(events.ErrHeadersSent)
	}
	if size < -1 {
		r.fail(outOfRange("the size", size, "0 or more, or -1 for all up to the end"))
	}
	if size >= 0 && !r.bare && !r.carrier().has("content-length") {
		r.Header("content-length", strconv.FormatInt(size, 10))
	}
	if err := r.failed(); err != nil {
		if f, ok := src.(io.Closer); ok {
			f.Close()
		}
		return err
	}
	err := r.carrier().sendFrom(src, size)
	r.ended = err == nil // else there may be another answer, if nothing was sent
	return err
}

// Redirect sends the client to another URL, with status 302 unless another is
// given. Bytes that no URL has, those of other alphabets and spaces among them, are
// sent as their escapes; a line break is an error. Whether the URL is one of this
// server's is for the caller to know.
//
// Errors: events.ErrOutOfRange for a status that is no redirection, and those of
// Send.
func (r *Response) Redirect(url string, status ...int) error {
	code := http.StatusFound
	if len(status) > 0 {
		code = status[0]
	}
	if code < 300 || code > 399 || code == http.StatusNotModified {
		return outOfRange("the status of a redirection", code, "300 to 399, and not 304")
	}
	return r.Status(code).Header("location", escapeURL(url)).Send(nil)
}

// escapeURL escapes what no URI reference has (RFC 3986 §2), and leaves alone what is
// no field value either, to be found out.
func escapeURL(url string) string {
	const upperHex = "0123456789ABCDEF"
	var out []byte
	for i := range len(url) {
		c := url[i]
		if c > ' ' && c < 0x7f && strings.IndexByte("\"<>\\^`{|}", c) < 0 || !isFieldValue(url[i:i+1]) {
			if out != nil {
				out = append(out, c)
			}
			continue
		}
		if out == nil {
			out = append(make([]byte, 0, len(url)+16), url[:i]...)
		}
		out = append(out, '%', upperHex[c>>4], upperHex[c&15])
	}
	if out == nil {
		return url
	}
	return string(out)
}

// EarlyHints tells the client, by an informational response of status 103, what
// it may load before the response is known: links such as
// "</style.css>; rel=preload; as=style".
//
// After the headers were sent it does nothing.
//
// Errors: events.ErrInvalidArg for what is no link; the first one of Status,
// Header and their like.
func (r *Response) EarlyHints(links ...string) error {
	if err := r.failed(); err != nil {
		return err
	}
	return r.carrier().hint(links)
}

// Write sends a piece of the body, and waits while the client takes nothing.
//
// Errors: the first one of Status, Header and their like; events.ErrWriteAfterEnd
// for a response that has ended; others say that the client has gone.
func (r *Response) Write(p []byte) (int, error) {
	if err := r.failed(); err != nil {
		return 0, err
	}
	return r.carrier().write(p)
}

// Flush sends the headers, if that has not happened, and what was written.
//
// Errors: those of Write.
func (r *Response) Flush() error {
	if err := r.failed(); err != nil {
		return err
	}
	return r.carrier().flush()
}

// End ends the response. Ending again does nothing.
//
// Errors: those of Send.
func (r *Response) End() error {
	if err := r.failed(); err != nil || r.ended {
		return err
	}
	err := r.carrier().end(nil)
	r.ended = err == nil
	return err
}

// Destroy breaks the response off, so that it does not look complete. A WebSocket
// is closed with websocket.StatusInternalError.
func (r *Response) Destroy(err error) {
	if ws := r.request().rare().socket; ws != nil {
		ws.conn.Close(websocket.StatusInternalError, "")
		return
	}
	r.ended = true
	r.carrier().destroy(err)
}

// reset forgets what was set, for another answer.
func (r *Response) reset() {
	for _, name := range r.carrier().headerNames() {
		r.carrier().dropHeader(name)
	}
	if r.more != nil {
		r.more.err = nil
	}
}
