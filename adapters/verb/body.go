package verb

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
)

// Body returns the body as a stream, of any length. What Read returns before
// its end may be less than all the client has to say; an error other than io.EOF
// says that it was cut short.
func (r *Request) Body() io.Reader {
	c := (*call)(r).native()
	if c == nil {
		return r.carrier().body()
	}
	more := r.extra()
	if more.in == nil {
		more.in = c.body()
	}
	return more.in
}

// Bytes reads the body. Calling it again returns the same slice.
//
// Errors: an *Error of status 413 for a body of more than Options.BodyLimit, and
// those of reading.
func (r *Request) Bytes() ([]byte, error) {
	more := r.extra()
	if !more.read {
		more.read = true
		more.body, more.bodyOf = r.readBody()
	}
	return more.body, more.bodyOf
}

func (r *Request) readBody() ([]byte, error) {
	limit := r.bodyLimit()
	if n, err := strconv.ParseInt(r.Get("content-length"), 10, 64); err == nil && n > limit {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge}
	}
	// One byte too many is enough to know, if there can be one.
	b, err := io.ReadAll(io.LimitReader(r.Body(), max(limit, limit+1)))
	if err == nil && int64(len(b)) > limit {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge}
	}
	if lower, ok := errors.AsType[*http.MaxBytesError](err); ok { // a limit of net/http's around it
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Cause: lower}
	}
	return b, err
}

// bodyLimit is that of the App the request is in, or the nearest around it that has
// one set.
func (r *Request) bodyLimit() int64 {
	for w := (*call)(r).in(); w != nil; w = w.up {
		if n, ok := w.app.options().BodyLimit.Get(); ok {
			return n
		}
	}
	return r.app.options().BodyLimit.Or(defaultBodyLimit)
}

// JSON reads the body as JSON into what v points to, as json.Unmarshal does.
//
// Errors: an *Error of status 415 if the body is said to be something else, of
// status 400 if it is not JSON that fits v; those of Bytes.
func (r *Request) JSON(v any) error {
	if t := r.mediaType(); t != "" && t != "application/json" && !isJSON(t) {
		return &Error{Status: http.StatusUnsupportedMediaType}
	}
	b, err := r.Bytes()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &Error{Status: http.StatusBadRequest, Message: "the body is not the JSON that is expected", Cause: err}
	}
	return nil
}

// isJSON reports whether a media type is one of those made of JSON (RFC 6839).
func isJSON(t string) bool { return len(t) > 5 && t[len(t)-5:] == "+json" }

func (r *Request) mediaType() string {
	t, _, _ := mime.ParseMediaType(r.Get("content-type"))
	return t
}

// Form reads the body of a form that was sent as
// application/x-www-form-urlencoded. The query is not part of it.
//
// Errors: an *Error of status 415 if the body is something else, of status 400
// if it is malformed; those of Bytes.
func (r *Request) Form() (url.Values, error) {
	if r.mediaType() != "application/x-www-form-urlencoded" {
		return nil, &Error{Status: http.StatusUnsupportedMediaType}
	}
	b, err := r.Bytes()
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Message: "the form is malformed", Cause: err}
	}
	return values, nil
}

// Multipart reads the body of a form that was sent as multipart/form-data,
// files included, into memory. Calling it again returns the same form. For forms
// beyond Options.BodyLimit there is Body, and package mime/multipart.
//
// Errors: an *Error of status 415 if the body is something else, of status 400
// if it is malformed; those of Bytes.
func (r *Request) Multipart() (*multipart.Form, error) {
	if more := r.extra(); more.form != nil {
		return more.form, nil
	}
	t, params, err := mime.ParseMediaType(r.Get("content-type"))
	if err != nil || t != "multipart/form-data" || params["boundary"] == "" {
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Cause: err}
	}
	b, err := r.Bytes()
	if err != nil {
		return nil, err
	}
	form, err := multipart.NewReader(bytes.NewReader(b), params["boundary"]).ReadForm(int64(len(b)))
	switch {
	case errors.Is(err, multipart.ErrMessageTooLarge):
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Cause: err}
	case err != nil:
		return nil, &Error{Status: http.StatusBadRequest, Message: "the form is malformed", Cause: err}
	}
	r.more.form = form
	return form, nil
}
