package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"weft/core"
	"weft/events"
)

// statusError is a status of 400 or more with --fail.
type statusError struct{ status int }

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered with status %d", e.status)
}

// fetch does one request and writes its response where it belongs.
func (g *getter) fetch(ctx context.Context, t *target) error {
	body, err := openData(g.data, g.env.stdin)
	if err != nil {
		return err
	}
	defer body.Close()
	stream, err := g.request(ctx, t, body)
	if err != nil {
		return g.explain(t, err)
	}
	defer stream.Close()
	sent := make(chan error, 1)
	go func() { sent <- send(stream, body) }()

	response, err := stream.Response()
	if err != nil {
		return g.explain(t, firstOf(sent, err))
	}
	if status := response.Status(); g.fail && status >= 400 {
		return &statusError{status}
	}
	out, err := g.open(ctx, t)
	if err != nil {
		return err
	}
	if err := g.receive(t, stream, response, out); err != nil {
		out.Close()
		return g.explain(t, err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("cannot write %s: %w", t.outName(), reason(err))
	}
	return nil
}

// firstOf prefers the reason why the body could not be read to what followed
// from it.
func firstOf(sent <-chan error, err error) error {
	var read *dataError
	select {
	case sendErr := <-sent:
		if errors.As(sendErr, &read) {
			return sendErr
		}
	default:
	}
	return err
}

// request sends the header section.
func (g *getter) request(ctx context.Context, t *target, body *data) (*events.Duplex, error) {
	session := g.sessions[originOf(t.url)]
	stream, err := session.Request(ctx, g.requestHeaders(t, body), events.RequestOptions{
		EndStream: events.Set(!body.given),
	})
	if err != nil {
		return nil, err
	}
	return stream.Blocking(), nil
}

// requestHeaders puts together what is sent, with the -H fields over it.
func (g *getter) requestHeaders(t *target, body *data) events.Headers {
	method := g.method
	if method == "" {
		method = "GET"
		if body.given {
			method = "POST"
		}
	}
	path := t.url.EscapedPath()
	if path == "" {
		path = "/"
	}
	if t.url.RawQuery != "" || t.url.ForceQuery {
		path += "?" + t.url.RawQuery
	}
	authority := t.url.Host
	var extra []events.Field
	ours := events.H("user-agent", "weft/"+version(), "accept", "*/*")
	if body.given {
		ours.Add("content-type", "application/x-www-form-urlencoded")
		if body.size >= 0 {
			ours.Add("content-length", strconv.FormatInt(body.size, 10))
		}
	}
	if user := t.url.User; user != nil {
		ours.AddSensitive("authorization", basicAuth(user))
	}
	for _, f := range g.fields {
		ours.Del(f.Name)
		switch {
		case f.Name == "host":
			authority = f.Value
		case f.Value != "":
			extra = append(extra, f)
		}
	}
	h := events.H(":method", method, ":scheme", t.url.Scheme, ":authority", authority, ":path", path)
	for name, value := range ours.All() {
		if name == "authorization" {
			h.AddSensitive(name, value)
		} else {
			h.Add(name, value)
		}
	}
	for _, f := range extra {
		h.Add(f.Name, f.Value)
	}
	return h
}

// send sends the body, if there is one.
func send(stream *events.Duplex, body *data) error {
	if !body.given {
		return nil
	}
	if _, err := io.Copy(stream, body); err != nil {
		var read *dataError
		if errors.As(err, &read) {
			stream.Close() // what was sent must not look complete
		}
		return err
	}
	return stream.CloseWrite()
}

// receive writes the response.
func (g *getter) receive(t *target, stream *events.Duplex, response events.Headers, out io.Writer) error {
	if g.include {
		if _, err := io.WriteString(out, headText(response)); err != nil {
			return &outputError{t.outName(), err}
		}
	}
	meter := g.progress.meter(t, response)
	buf := make([]byte, 64<<10)
	got := int64(0)
	for {
		n, err := stream.Read(buf)
		if n > 0 {
			got += int64(n)
			if _, err := out.Write(buf[:n]); err != nil {
				return &outputError{t.outName(), err}
			}
			meter.add(n)
		}
		if err == io.EOF || err != nil && isWhole(response, got, err) {
			break
		}
		if err != nil {
			return err
		}
	}
	if trailers := stream.Trailers(); g.include && trailers.Len() > 0 {
		text := "\n"
		for name, value := range trailers.All() {
			text += name + ": " + value + "\n"
		}
		if _, err := io.WriteString(out, text); err != nil {
			return &outputError{t.outName(), err}
		}
	}
	return nil
}

// isWhole reports whether a response came to its announced length, although
// its end was a reset with NO_ERROR instead of END_STREAM. Some versions of Node
// do that.
func isWhole(response events.Headers, got int64, err error) bool {
	var e *events.Error
	return errors.Is(err, events.ErrStreamError) && errors.As(err, &e) && e.ByPeer && e.HTTP2 == core.NoError &&
		response.Get("content-length") == strconv.FormatInt(got, 10)
}

// headText is a header section as -i shows it.
func headText(h events.Headers) string {
	text := fmt.Sprintf("HTTP/2 %d\n", h.Status())
	for name, value := range h.All() {
		if name[0] != ':' {
			text += name + ": " + value + "\n"
		}
	}
	return text + "\n"
}

// open returns where the target's response goes. For standard output it waits
// until the URLs before have written theirs; the windows of the stream bound
// what comes meanwhile.
func (g *getter) open(ctx context.Context, t *target) (io.WriteCloser, error) {
	if t.file != "" {
		f, err := os.Create(t.file)
		if err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", t.file, reason(err))
		}
		return f, nil
	}
	select {
	case <-t.before:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return nopCloser{g.env.stdout}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func (t *target) outName() string {
	if t.file == "" {
		return "standard output"
	}
	return t.file
}
