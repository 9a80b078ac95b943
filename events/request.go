package events

import (
	"net"
	"net/url"
	"strconv"
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
	if err != nil {
		return nil, ErrInvalidURL.with("Invalid URL: %q", s)
	}
	b := &base{scheme: strings.ToLower(u.Scheme), host: u.Hostname()}
	if b.scheme != "http" && b.scheme != "https" {
		return nil, ErrInvalidProtocol.with("protocol %q is unsupported.", u.Scheme+":")
	}
	var ok bool
	if b.port, ok = portOf(u); !ok {
		return nil, ErrInvalidURL.with("Invalid URL: %q", s)
	}
	b.authority = strings.ToLower(bare(b.host))
	if b.port == "" {
		b.port = wellKnown[b.scheme]
	} else if b.port != wellKnown[b.scheme] {
		b.authority += ":" + b.port
	}
	if core.CheckRequest([]Field{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: b.scheme},
		{Name: ":authority", Value: b.authority}, {Name: ":path", Value: "/"},
	}, false) != nil {
		return nil, ErrInvalidURL.with("Invalid URL: %q", s) // no request could name it
	}
	return b, nil
}

// portOf returns the port of a URL without leading zeros, "" if it has none.
func portOf(u *url.URL) (port string, ok bool) {
	if u.Port() == "" {
		return "", true
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return strconv.FormatUint(n, 10), err == nil
}

// bare returns a host as it stands before a port: an address of IPv6 in brackets,
// and without its zone, which means something on this machine only (RFC 6874 §4).
func bare(host string) string {
	if strings.Contains(host, ":") {
		address, _, _ := strings.Cut(host, "%")
		return "[" + address + "]"
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
