package verb

import (
	"context"
	"io"
	"net/http"
	"strings"

	"weft/events"
)

// carrier is what brings a request and takes its response away.
type carrier interface {
	method() string
	target() string
	version() string
	headers() events.Headers
	peer() string // host and port
	stream() (*events.ServerStream, bool)
	context() context.Context
	body() io.Reader

	setHeader(name string, values ...string) error
	addHeader(name string, value string) error
	has(name string) bool
	header(name string) string
	values(name string) []string
	headerNames() []string
	dropHeader(name string)
	setStatus(code int) error
	status() int
	sent() bool
	write(p []byte) (int, error) // may block
	flush() error
	endAll(p []byte) error // end, unless the headers were sent
	end(p []byte) error
	sendFrom(src io.Reader, size int64) error // the rest of the body; closes src
	hint(links []string) error
	setTrailer(name string, values []string) error
	destroy(err error)
}

// native is a request of package events.
type native call

func (c *native) method() string          { return c.req.Method() }
func (c *native) target() string          { return c.req.URL() }
func (c *native) headers() events.Headers { return c.req.Headers() }
func (c *native) version() string         { return c.req.HTTPVersion() }
func (c *native) peer() string            { return c.req.Socket().RemoteAddr().String() }
func (c *native) stream() (*events.ServerStream, bool) {
	if c.req == nil {
		return nil, false // the request came another way
	}
	return c.req.Stream()
}
func (c *native) context() context.Context { return c.req.Context() }

func (c *native) body() io.Reader {
	if c.bodiless {
		return http.NoBody
	}
	return c.req.Body()
}

func (c *native) setHeader(name string, values ...string) error {
	err := c.res.SetHeader(name, values...)
	if err == nil {
		c.notes(name, true)
	}
	return err
}

func (c *native) addHeader(name, value string) error {
	err := c.res.AppendHeader(name, value)
	if err == nil {
		c.notes(name, true)
	}
	return err
}

func (c *native) dropHeader(name string) {
	if c.res.RemoveHeader(name) == nil {
		c.notes(name, false)
	}
}

// notes notes that a field is there, or is not, if every response is asked for
// it.
func (c *native) notes(name string, there bool) {
	if n := len(name); n > 0 && (name[0] <= ' ' || name[n-1] <= ' ') {
		name = strings.TrimSpace(name)
	}
	switch len(name) {
	case len("content-type"):
		if name == "content-type" || strings.EqualFold(name, "content-type") {
			c.typed = there
		}
	case len("content-length"):
		if name == "content-length" || strings.EqualFold(name, "content-length") {
			c.measured = there
		}
	}
}

func (c *native) has(name string) bool {
	switch name {
	case "content-type":
		return c.typed
	case "content-length":
		return c.measured
	}
	return c.res.HasHeader(name)
}
func (c *native) header(name string) string   { return c.res.GetHeader(name) }
func (c *native) values(name string) []string { return c.res.GetHeaderValues(name) }
func (c *native) headerNames() []string       { return c.res.GetHeaderNames() }
func (c *native) setStatus(code int) error    { return c.res.SetStatusCode(code) }
func (c *native) status() int                 { return c.res.StatusCode() }
func (c *native) sent() bool                  { return c.res.HeadersSent() }
func (c *native) flush() error                { return c.res.FlushHeaders() }
func (c *native) endAll(p []byte) error       { return c.res.EndAll(p) }
func (c *native) end(p []byte) error          { return c.res.End(p) }
func (c *native) sendFrom(src io.Reader, size int64) error {
	return c.res.SendFrom(src, size)
}

func (c *native) write(p []byte) (int, error) {
	if !c.inline {
		return c.res.Blocking().Write(p)
	}
	if _, err := c.res.Write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *native) hint(links []string) error {
	_, err := c.res.WriteEarlyHints(links)
	return err
}

func (c *native) setTrailer(name string, values []string) error {
	return c.res.SetTrailer(name, values...)
}

// destroy breaks off. For package events it is no failure without an error, and what
// ends with NO_ERROR looks complete to some clients.
func (c *native) destroy(err error) {
	if st, ok := c.stream(); ok && err == nil && !c.res.WritableFinished() {
		st.Close(events.InternalError)
	}
	c.res.Destroy(err)
}
