package site

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// A Site answers requests for one directory, or for the built-in page. All of
// its methods may be called from any goroutine.
type Site struct {
	// Uploads: POST and PUT are answered by who calls Answer, and are among the
	// methods that a 405 names. It is set before the first Answer.
	Uploads bool

	root *os.Root        // nil: built-in
	page map[string]page // by path, if root is nil
}

// Open returns the site of the files in dir. Its errors are one line that
// names dir. The caller closes the Site.
func Open(dir string) (*Site, error) {
	// Opening comes after looking: to open a FIFO would wait for a writer.
	info, err := os.Stat(dir)
	if err != nil {
		return nil, dirError(dir, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("cannot serve %q: it is a file, not a directory", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, dirError(dir, err)
	}
	// A directory that can be opened but not searched has no files for us.
	if _, err := root.Stat("."); err != nil {
		root.Close()
		return nil, dirError(dir, err)
	}
	return &Site{root: root}, nil
}

func dirError(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot serve %q: there is no such directory", dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot serve %q: no permission to read that directory", dir)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("cannot serve %q: %w", dir, err)
}

// Close releases the directory. Bodies already handed out stay readable;
// later requests are answered with 404.
func (s *Site) Close() error {
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}

// A Request is what the answer depends on.
type Request struct {
	// Method is the request's method, case-sensitive.
	Method string
	// Path is the request target as it came, still escaped and with its
	// query: the :path pseudo-field.
	Path string
	// Header returns the value of a header field by its lower-case name, ""
	// if it is absent; several lines joined by ", ". It is only called while
	// Answer runs. A nil Header is a request without fields.
	Header func(name string) string
	// Now is when the request came, the zero Time for the clock's. No
	// last-modified in a response is later than it (RFC 9110 §8.8.2.1).
	Now time.Time
}

func (r *Request) header(name string) string {
	if r.Header == nil {
		return ""
	}
	return r.Header(name)
}

// A Field is one header field. Its name is in lower case.
type Field struct{ Name, Value string }

// A Response is the answer to one Request. The caller owns all of it.
type Response struct {
	Status int
	// Header are the fields in the order to send them. content-length is
	// among them wherever RFC 9110 §8.6 permits it; date is not.
	Header []Field
	// Body gives exactly Size bytes and then io.EOF, or fails: with
	// io.ErrUnexpectedEOF if the file became shorter meanwhile. The caller
	// closes it. It is nil if there is no body, as in every answer to HEAD.
	Body io.ReadCloser
	// Size is the length of Body in bytes, 0 if Body is nil.
	Size int64
}

// Field returns the value of the first header field called name, "" if there
// is none.
func (r *Response) Field(name string) string {
	for _, f := range r.Header {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func (r *Response) add(name, value string) {
	r.Header = append(r.Header, Field{name, value})
}

// Answer answers one request. It opens at most one file and reads at most its
// first 512 bytes, to learn the type of one with an unknown extension.
func (s *Site) Answer(req Request) Response {
	if req.Method != "GET" && req.Method != "HEAD" {
		// RFC 9110 §15.5.6: "The origin server MUST generate an Allow header
		// field in a 405 response".
		allow := "GET, HEAD"
		if s.Uploads {
			allow += ", POST, PUT"
		}
		return failure(&req, 405, Field{"allow", allow})
	}
	if req.Now.IsZero() {
		req.Now = time.Now()
	}
	t, status := parseTarget(req.Path)
	if status != 0 {
		return failure(&req, status)
	}
	if s.root == nil {
		return s.answerBuiltin(&req, &t)
	}
	return s.answerFile(&req, &t)
}

var reasons = map[int]string{
	400: "400 Bad Request: the path is not valid",
	403: "403 Forbidden",
	404: "404 Not Found",
	405: "405 Method Not Allowed: the field allow names those that are",
	412: "412 Precondition Failed",
	416: "416 Range Not Satisfiable",
	500: "500 Internal Server Error",
	503: "503 Service Unavailable",
}

// failure returns a response whose body is one line that says its status. No
// part of the request is repeated in it.
func failure(req *Request, status int, fields ...Field) Response {
	text := reasons[status] + "\n"
	r := Response{Status: status}
	r.add("content-type", "text/plain; charset=utf-8")
	r.add("content-length", strconv.Itoa(len(text)))
	r.Header = append(r.Header, fields...)
	if req.Method != "HEAD" {
		r.Body, r.Size = textBody(text), int64(len(text))
	}
	return r
}
