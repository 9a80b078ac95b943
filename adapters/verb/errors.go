package verb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"

	"weft/events"
)

// Error is an error that says how the request is to be answered. A handler
// returns one, or any other, which stands for status 500.
//
//	return &verb.Error{Status: 404, Message: "there is no such user"}
type Error struct {
	// Status is that of the answer, 400 to 599.
	Status int
	// Message is what the client is told; "" is the usual phrase for the
	// status.
	Message string
	// Cause is the error behind this one, for logs; Unwrap returns it.
	Cause error
}

// Error returns status, message and cause.
func (e *Error) Error() string {
	s := strconv.Itoa(e.Status) + " " + e.text()
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) text() string {
	if e.Message != "" {
		return e.Message
	}
	return http.StatusText(e.Status)
}

// ErrorCode returns the code that package events gave an error, for example
// "ERR_HTTP2_STREAM_ERROR": what error middlewares branch on. A request that the
// client has cancelled is "ERR_HTTP2_STREAM_CANCEL", one whose connection it has
// ended by GOAWAY "ERR_HTTP2_GOAWAY_SESSION". It is "" for other errors.
func ErrorCode(err error) string {
	var e *events.Error
	switch {
	case !errors.As(err, &e):
		return ""
	case e.HTTP2 == events.Cancel && errors.Is(e, events.ErrStreamError):
		return events.ErrStreamCancel.Code
	case e.ByPeer && errors.Is(e, events.ErrSessionError):
		return events.ErrGoAwaySession.Code
	}
	return e.Code
}

// PanicError is the error that a panic of a handler or a middleware becomes.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine, for logs
}

// Error tells what panic was called with.
func (e *PanicError) Error() string { return fmt.Sprint("panic: ", e.Value) }

// guard calls f, and returns what it panicked with. http.ErrAbortHandler
// passes, for it is meant for whoever called.
func guard(f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	f()
	return nil
}

func panicked(v any) error { return &PanicError{v, debug.Stack()} }

// logPanic logs what guard returned.
func (app *App) logPanic(err error, req *Request) {
	p := err.(*PanicError)
	app.options().logger().Error("weft: a handler panicked", "method", req.Method(), "url", req.URL(), "panic", p.Value, "stack", string(p.Stack))
}

// fail answers for want of an error middleware that does.
func (app *App) fail(err error, req *Request, res *Response) {
	answer := &Error{Status: http.StatusInternalServerError}
	switch code := ErrorCode(err); {
	case code == events.ErrStreamCancel.Code, code == events.ErrGoAwaySession.Code, errors.Is(err, context.Canceled):
		if gone(req) && !res.ended {
			res.Destroy(nil) // nobody is there to be told
			return
		}
	case code == events.ErrInvalidStream.Code:
		answer.Status = http.StatusBadRequest
	}
	errors.As(err, &answer)
	if answer.Status < 400 || answer.Status > 599 {
		answer = &Error{Status: http.StatusInternalServerError, Cause: err}
	}
	o := app.options()
	if _, ok := err.(*PanicError); ok {
		app.logPanic(err, req)
	} else if answer.Status >= 500 {
		o.logger().Error("weft: a request failed", "method", req.Method(), "url", req.URL(), "error", err)
	}
	switch {
	case res.ended && req.rare().socket == nil:
		return // what failed came after the answer, which is complete
	case res.Sent():
		res.Destroy(err) // what was sent must not look complete
		return
	}
	text := answer.text()
	if o.HTTP2.debug() {
		text = err.Error()
	}
	allow := res.Get("allow")
	res.reset()
	if allow != "" && answer.Status == http.StatusMethodNotAllowed {
		res.Header("allow", allow)
	}
	res.Header("x-content-type-options", "nosniff").Status(answer.Status).Text(text + "\n")
}

// gone reports whether the client has left.
func gone(req *Request) bool { return req.Context().Err() != nil }
