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
	version() string
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
	end(p []byte) error
	sendFrom(src io.Reader, size int64) error // the rest of the body; closes src
	hint(links []string) error
	setTrailer(name string, values []string) error
	destroy(err error)
}

// native is a request of package events.
type native struct {
	req *events.Request
	res *events.Response
	in  *events.BodyReader

	bodiless bool // what follows the headers is no body
	inline   bool // within a turn: nothing may wait
	typed    bool // there is, or was, a content-type: all fields are set by way of this
	measured bool // and a content-length
}

func (c *native) version() string                      { return c.req.HTTPVersion() }
func (c *native) stream() (*events.ServerStream, bool) { return c.req.Stream() }
func (c *native) context() context.Context             { return c.req.Context() }

func (c *native) body() io.Reader {
	if c.bodiless {
		return http.NoBody
	}
	if c.in == nil {
		c.in = c.req.Body()
	}
	return c.in
}

func (c *native) setHeader(name string, values ...string) error {
	c.notes(name)
	return c.res.SetHeader(name, values...)
}
func (c *native) addHeader(name, value string) error {
	c.notes(name)
	return c.res.AppendHeader(name, value)
}

// notes notes that a field was set, if every response is asked for it.
func (c *native) notes(name string) {
	switch name = strings.TrimSpace(name); len(name) {
	case len("content-type"):
		c.typed = c.typed || strings.EqualFold(name, "content-type")
	case len("content-length"):
		c.measured = c.measured || strings.EqualFold(name, "content-length")
	}
}

func (c *native) has(name string) bool {
	if name == "content-type" && !c.typed || name == "content-length" && !c.measured {
		return false
	}
	return c.res.HasHeader(name)
}
func (c *native) header(name string) string   { return c.res.GetHeader(name) }
func (c *native) values(name string) []string { return c.res.GetHeaderValues(name) }
func (c *native) headerNames() []string       { return c.res.GetHeaderNames() }
func (c *native) dropHeader(name string)      { c.res.RemoveHeader(name) } // fails only once they are sent
func (c *native) setStatus(code int) error    { return c.res.SetStatusCode(code) }
func (c *native) status() int                 { return c.res.StatusCode() }
func (c *native) sent() bool                  { return c.res.HeadersSent() }
func (c *native) flush() error                { return c.res.FlushHeaders() }
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
func (c *native) destroy(err error) { c.res.Destroy(err) }
