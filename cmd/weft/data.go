package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// data is a request's body, read as it is sent.
type data struct {
	io.Reader
	given bool
	size  int64 // -1 unknown
	files []*os.File
}

// dataError is that a body could not be read.
type dataError struct {
	name string
	err  error
}

func (e *dataError) Error() string { return fmt.Sprintf("cannot read %s: %v", e.name, reason(e.err)) }
func (e *dataError) Unwrap() error { return e.err }

// checkData finds out early what openData would fail with.
func checkData(list []string, urls int) error {
	stdin := 0
	for _, d := range list {
		name, ok := strings.CutPrefix(d, "@")
		switch {
		case !ok:
		case name == "":
			return errors.New("-d @ has no file name; -d @- sends standard input")
		case name == "-":
			stdin++
		default:
			info, err := os.Stat(name)
			if err == nil && info.IsDir() {
				err = errors.New("it is a directory")
			}
			if err != nil {
				return &dataError{"-d @" + name, err}
			}
		}
	}
	if stdin > 1 || stdin == 1 && urls > 1 {
		return errors.New("standard input can be sent once only: give one URL and one -d @-")
	}
	return nil
}

// openData opens the body that the -d flags describe.
func openData(list []string, stdin io.Reader) (*data, error) {
	d := &data{given: len(list) > 0}
	var parts []io.Reader
	for i, text := range list {
		if i > 0 {
			parts = append(parts, strings.NewReader("&"))
			d.grow(1)
		}
		name, isFile := strings.CutPrefix(text, "@")
		switch {
		case !isFile:
			parts = append(parts, strings.NewReader(text))
			d.grow(int64(len(text)))
		case name == "-":
			parts = append(parts, namedReader{"standard input", stdin})
			d.size = -1
		default:
			f, err := os.Open(name)
			if err != nil {
				d.Close()
				return nil, &dataError{name, err}
			}
			d.files = append(d.files, f)
			if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
				d.grow(info.Size())
			} else {
				d.size = -1
			}
			parts = append(parts, namedReader{name, f})
		}
	}
	d.Reader = io.MultiReader(parts...)
	return d, nil
}

func (d *data) grow(n int64) {
	if d.size >= 0 {
		d.size += n
	}
}

// Close closes the files.
func (d *data) Close() error {
	for _, f := range d.files {
		f.Close()
	}
	return nil
}

// namedReader says in its errors what could not be read.
type namedReader struct {
	name string
	r    io.Reader
}

func (r namedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = &dataError{r.name, err}
	}
	return n, err
}

// reason takes what the line says already off an error.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func basicAuth(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}
