package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"weft/events"
)

const getHelp = `weft get [flags] URL...

Fetches URLs over HTTP/2 and writes what they hold to standard output, in the
order of the command line. URLs of one server share one connection and are
fetched at the same time. https:// is HTTP/2 over TLS, http:// is HTTP/2 with
prior knowledge. Redirects are shown, not followed.

  -X METHOD       the method (GET, or POST with -d); not CONNECT
  -H 'NAME: VAL'  add a header field, or replace the one weft would send; with
                  no value, leave it out; may be given several times
  -d DATA         send DATA as the body; @FILE sends a file as it is, byte for
                  byte, @- standard input; several are joined by &
  -o FILE         write to FILE, - is standard output; given several times, each
                  is for one URL, in order
  -i              write the response's header fields before its body
  --fail          on a status of 400 or more write no body and exit with 22
  --cacert FILE   trust these certificates (PEM) instead of the system's
  -k              trust any certificate
  -v              print the frames of every connection on standard error

Long names: --request, --header, --data (or --data-binary), --output,
--include, --insecure, --verbose. A user and a password in a URL
(https://user:password@host/) are sent as basic authorization.

A body from a file is read as it is sent. A transfer that takes longer than a
second shows a progress bar on a terminal. The exit code is 0 only if every
response came whole, whatever its status; 1 if a value on the command line made
no sense, or a connection or a transfer failed, and then a line on standard error
says which and why; 2 for wrong flags; 22 for --fail; 130 after Ctrl-C.
`

// getFlags is the command line of weft get.
type getFlags struct {
	method        string
	headers, data []string
	outputs       []string
	include, fail bool
	insecure      bool
	cacert        string
	verbose       bool
	urls          []string
}

func parseGet(f *flags, args []string) (*getFlags, error) {
	o := &getFlags{}
	f.both("X", "request", func(name string) { f.StringVar(&o.method, name, "", "") })
	f.both("i", "include", func(name string) { f.BoolVar(&o.include, name, false, "") })
	f.both("k", "insecure", func(name string) { f.BoolVar(&o.insecure, name, false, "") })
	f.both("v", "verbose", func(name string) { f.BoolVar(&o.verbose, name, false, "") })
	f.BoolVar(&o.fail, "fail", false, "")
	f.StringVar(&o.cacert, "cacert", "", "")
	add := func(list *[]string) func(string) error {
		return func(v string) error {
			*list = append(*list, v)
			return nil
		}
	}
	f.both("H", "header", func(name string) { f.Func(name, "", add(&o.headers)) })
	f.both("d", "data", func(name string) { f.Func(name, "", add(&o.data)) })
	f.Func("data-binary", "", add(&o.data))
	f.both("o", "output", func(name string) { f.Func(name, "", add(&o.outputs)) })
	urls, err := f.parse(args)
	o.urls = urls
	switch {
	case err != nil:
		return nil, err
	case len(urls) == 0:
		return nil, errors.New("no URL, for example https://localhost:8443/")
	case len(o.outputs) > len(urls):
		return nil, fmt.Errorf("there is no URL for -o %s", o.outputs[len(urls)])
	case o.insecure && o.cacert != "":
		return nil, errors.New("-k trusts everything: leave out --cacert")
	}
	return o, nil
}

// parseURL reads an absolute URL.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("%q is not a URL: %w; one looks like https://localhost:8443/path", text, err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "":
		return nil, fmt.Errorf("%q is not a URL that can be fetched: it must begin with https:// or http://", text)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q has no host; a URL looks like https://localhost:8443/path", text)
	}
	u.Host = strings.TrimSuffix(u.Host, ":") // RFC 3986 §6.2.3: an empty port is the default one
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("%q has the port %s; a port is 1 to 65535", text, port)
		}
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

// escapeQuery escapes what a path can't carry: url.Parse takes a query as it
// is, spaces included.
func escapeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkMethod refuses a method that no request of this command can have.
func checkMethod(method string) error {
	switch {
	case method == "CONNECT":
		return errors.New("-X CONNECT opens a tunnel: weft get has nothing to put through one")
	case strings.ContainsFunc(method, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	}):
		return fmt.Errorf("-X %q is not a method: it is made of letters, digits and !#$%%&'*+-.^_`|~", method)
	}
	return nil
}

// checkOutputs refuses files that two URLs would write to at the same time.
func checkOutputs(list []string) error {
	for i, name := range list {
		switch {
		case name == "":
			return errors.New("-o has no file name; -o - writes to standard output")
		case name != "-" && slices.Contains(list[:i], name) && !isDevice(name):
			return fmt.Errorf("-o %s is given for two URLs: each needs a file of its own", name)
		}
	}
	return nil
}

// isDevice reports whether a file may be written to by several, as /dev/null.
func isDevice(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular()
}

// parseFields reads the -H flags.
func parseFields(list []string) ([]events.Field, error) {
	var fields []events.Field
	for _, text := range list {
		name, value, ok := strings.Cut(text, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case ok && name == "" && strings.Count(text, ":") > 1:
			return nil, fmt.Errorf("-H %q is a pseudo-field: those come from the URL and -X, :authority from -H 'host: …'", text)
		case !ok || name == "":
			return nil, fmt.Errorf("-H %q is not a header field: write 'name: value'", text)
		case name == "host" && strings.TrimSpace(value) == "":
			return nil, fmt.Errorf("-H %q leaves out the host, which every request needs: write 'host: name'", text)
		}
		fields = append(fields, events.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return fields, nil
}

func tlsConfig(o *getFlags) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: o.insecure}
	if o.cacert == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(o.cacert)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("cannot read --cacert %s: %w", o.cacert, err)
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--cacert %s has no certificate in PEM", o.cacert)
	}
	return cfg, nil
}
