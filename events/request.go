package events

import (
	"net"
	"net/url"
	"strings"

	"weft/core"
)

// requestFields returns the fields of a request: the pseudo-fields first, as
// they were given, those that are missing, and the others. The list is new.
func requestFields(h Headers, missing func(name string) string) []Field {
	fields := make([]Field, 0, len(h.list)+4)
	for _, f := range h.list {
		if strings.HasPrefix(f.Name, ":") {
			fields = append(fields, f)
		}
	}
	given := Headers{fields}
	if given.find(":method") < 0 {
		fields = append(fields, Field{Name: ":method", Value: "GET"})
	}
	connect := given.Method() == "CONNECT" && given.find(":protocol") < 0
	if !connect {
		if given.find(":authority") < 0 && h.find("host") < 0 {
			fields = append(fields, Field{Name: ":authority", Value: missing(":authority")})
		}
		for _, name := range []string{":scheme", ":path"} {
			if given.find(name) < 0 {
				fields = append(fields, Field{Name: name, Value: missing(name)})
			}
		}
	}
	for _, f := range h.list {
		if f.Name != "" && !strings.HasPrefix(f.Name, ":") {
			fields = append(fields, f)
		}
	}
	return fields
}

// base is what a session takes from its URL.
type base struct {
	scheme, authority string
	host, port        string
}

// parseBase reads an authority: a URL of which scheme, host and port count, or
// those alone. The scheme is https unless given.
func parseBase(s string) (*base, error) { return parseAuthority(s, "") }

// parseAuthority is parseBase with a scheme, such as "http:", for authorities
// that name none. A port alone is one of localhost.
func parseAuthority(s, protocol string) (*base, error) {
	switch protocol {
	case "":
		protocol = "https:"
	case "http:", "https:":
	default:
		return nil, ErrInvalidProtocol.with("protocol %q is unsupported.", protocol)
	}
	text := s
	if !strings.Contains(text, "://") {
		text = strings.TrimPrefix(text, "//")
		if strings.HasPrefix(text, ":") {
			text = "localhost" + text
		}
		text = protocol + "//" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, ErrInvalidURL.with("Invalid URL: %q", s)
	}
	u.Host = strings.ToLower(u.Host)
	b := &base{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), port: u.Port()}
	b.authority = u.Host
	switch b.scheme {
	case "http":
		if b.port == "" || b.port == "80" {
			b.port, b.authority = "80", bare(u)
		}
	case "https":
		if b.port == "" || b.port == "443" {
			b.port, b.authority = "443", bare(u)
		}
	default:
		return nil, ErrInvalidProtocol.with("protocol %q is unsupported.", u.Scheme+":")
	}
	return b, nil
}

// bare returns the host of a URL without a port, in brackets if need be.
func bare(u *url.URL) string {
	host := u.Hostname()
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// named returns the base for a server that is asked for by another name.
func (b *base) named(name string) *base {
	other := *b
	other.authority = strings.ToLower(name)
	if b.port != "443" {
		other.authority = net.JoinHostPort(other.authority, b.port)
	} else if strings.Contains(name, ":") {
		other.authority = "[" + other.authority + "]"
	}
	return &other
}

func (b *base) address() string { return net.JoinHostPort(b.host, b.port) }

// origin is the ASCII origin of the URL (RFC 6454 §6.2).
func (b *base) origin() string { return b.scheme + "://" + b.authority }

// transport is what the URL says about the connection.
func (b *base) transport() core.Transport {
	if b.scheme == "https" {
		return core.TransportEncrypted
	}
	return core.TransportCleartext
}
