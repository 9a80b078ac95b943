package core

import "strings"

// phase is how far one direction of a message has come (RFC 9113 §8.1). What
// the stream's state permits, the phase may still forbid.
type phase uint8

const (
	phaseHeaders phase = iota // the header section is still to come
	phaseBody                 // DATA or trailers may follow
	phaseTunnel               // CONNECT: DATA only (RFC 9113 §8.5)
)

// message is what the check of a header block found out.
type message struct {
	pseudo        Pseudo
	contentLength int64  // -1: none
	crumbs        int    // cookie fields
	priority      string // the priority field (RFC 9218 §5)
	culprit       string // name of the field at fault
	reason        string // what is wrong with it
}

// Pseudo-fields seen so far, as bits.
const (
	sawMethod = 1 << iota
	sawScheme
	sawAuthority
	sawPath
	sawProtocol
	sawStatus
)

// fieldRules are what a check depends on beside the block itself.
type fieldRules struct {
	kind            HeadersKind
	transport       Transport
	connectProtocol bool // extended CONNECT is agreed
	laxValues       bool // values may begin and end with white space
}

// check applies RFC 9113 §8 to a header block, received or to be sent. It
// fills in m and returns the fault, or FaultNone.
//
// plain says of the first 64 fields, as bits, which are known to be regular
// fields of no special meaning that have passed before; check adds those it
// finds. Whether a field is one depends on nothing but itself and the rules of
// the connection. It may be nil.
func (m *message) check(fields []Field, plain *uint64, rules fieldRules) Fault {
	*m = message{contentLength: -1}
	var known, found uint64
	if plain != nil {
		known = *plain
	}
	var (
		saw     uint8
		regular bool
		host    string
		sawHost bool
		sawTE   bool
	)
	for i := range fields {
		if known>>uint(i)&1 != 0 {
			regular = true
			continue
		}
		f := &fields[i]
		if f.Name == "" {
			return m.bad(f, "an empty name", FaultFieldName)
		}
		if f.Name[0] == ':' {
			if rules.kind == KindTrailers {
				return m.bad(f, "no pseudo-field may stand in trailers", FaultPseudoTrailers)
			}
			if regular {
				return m.bad(f, "pseudo-fields come before all others", FaultPseudoMisplaced)
			}
			if fault := m.pseudoField(f, rules.kind, &saw); fault != FaultNone {
				return fault
			}
			continue
		}
		regular = true
		if !isLowerToken(f.Name) {
			return m.bad(f, "a name is a lower-case token", FaultFieldName)
		}
		if !isFieldValue(f.Value) && !(rules.laxValues && all(f.Value, valueChar)) {
			return m.bad(f, "a value has no control characters and no white space at its ends", FaultFieldValue)
		}
		switch f.Name {
		case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings":
			return m.bad(f, "connection-specific fields do not exist in HTTP/2", FaultConnectionField)
		case "te":
			if rules.kind != KindRequest || sawTE || !strings.EqualFold(f.Value, "trailers") {
				return m.bad(f, `te is "trailers", once, in a request`, FaultTE)
			}
			sawTE = true
		case "content-length":
			if rules.kind == KindTrailers {
				break // delivered with the trailers, never acted on
			}
			n, ok := parseContentLength(f.Value)
			if !ok || m.contentLength >= 0 {
				return m.bad(f, "one decimal number below 2^63", FaultContentLength)
			}
			m.contentLength = n
		case "host":
			if rules.kind != KindRequest {
				break
			}
			if sawHost {
				return m.bad(f, "a request has one host", FaultHost)
			}
			sawHost, host = true, f.Value
		case "cookie":
			m.crumbs++
		case "priority":
			m.priority = f.Value
		default:
			found |= 1 << uint(i)
		}
	}
	if plain != nil {
		*plain |= found
	}
	switch rules.kind {
	case KindRequest:
		return m.checkRequest(saw, sawHost, host, rules)
	case KindTrailers:
		return FaultNone
	}
	if saw&sawStatus == 0 {
		return m.missing(":status")
	}
	return FaultNone
}

func (m *message) bad(f *Field, reason string, fault Fault) Fault {
	m.culprit, m.reason = f.Name, reason
	return fault
}

func (m *message) missing(name string) Fault {
	m.culprit, m.reason = name, "is missing"
	return FaultPseudoMissing
}

func (m *message) pseudoField(f *Field, kind HeadersKind, saw *uint8) Fault {
	var bit uint8
	fault := FaultNone
	request := kind == KindRequest
	switch f.Name {
	case ":method":
		bit, m.pseudo.Method = sawMethod, f.Value
		if !isToken(f.Value) {
			fault = FaultMethod
		}
	case ":path":
		bit, m.pseudo.Path = sawPath, f.Value
		if !isPath(f.Value) {
			fault = FaultPath
		}
	case ":scheme":
		bit, m.pseudo.Scheme = sawScheme, f.Value
		if !isScheme(f.Value) {
			fault = FaultScheme
		}
	case ":authority":
		bit, m.pseudo.Authority = sawAuthority, f.Value
		if !isAuthority(f.Value) {
			fault = FaultAuthority
		}
	case ":protocol":
		bit, m.pseudo.Protocol = sawProtocol, f.Value
		if !isToken(f.Value) {
			fault = FaultProtocol
		}
	case ":status":
		bit, request = sawStatus, !request
		n, ok := parseStatus(f.Value)
		m.pseudo.Status = n
		if !ok {
			fault = FaultStatus
		}
	default:
		return m.bad(f, "no such pseudo-field", FaultPseudoUnknown)
	}
	switch {
	case !request:
		return m.bad(f, "belongs to the other kind of message", FaultPseudoUnknown)
	case *saw&bit != 0:
		return m.bad(f, "stands twice", FaultPseudoDuplicate)
	case fault != FaultNone:
		return m.bad(f, "is malformed", fault)
	}
	*saw |= bit
	return FaultNone
}

func (m *message) checkRequest(saw uint8, sawHost bool, host string, rules fieldRules) Fault {
	p := &m.pseudo
	if saw&sawMethod == 0 {
		return m.missing(":method")
	}
	if saw&sawProtocol != 0 {
		// RFC 8441 §4: :protocol exists on CONNECT, once it is agreed.
		if p.Method != "CONNECT" || !rules.connectProtocol {
			m.culprit, m.reason = ":protocol", "is for CONNECT, and only when ENABLE_CONNECT_PROTOCOL was announced"
			return FaultProtocol
		}
	} else if p.Method == "CONNECT" {
		// RFC 9113 §8.5: only :method and :authority, with a port.
		if saw != sawMethod|sawAuthority || !hasPort(p.Authority) {
			m.culprit, m.reason = ":authority", "CONNECT has :method and :authority with a port, no :scheme and no :path"
			return FaultConnect
		}
		if sawHost && !sameAuthority(p.Authority, host, "") {
			m.culprit, m.reason = "host", "differs from :authority"
			return FaultHost
		}
		return FaultNone
	}
	if saw&sawScheme == 0 {
		return m.missing(":scheme")
	}
	if saw&sawPath == 0 {
		return m.missing(":path")
	}
	if p.Path == "*" && p.Method != "OPTIONS" {
		m.culprit, m.reason = ":path", `"*" is for OPTIONS`
		return FaultPath
	}
	switch {
	case saw&sawAuthority == 0 && !sawHost:
		if isHTTP(p.Scheme) {
			return m.missing(":authority")
		}
	case saw&sawAuthority == 0:
		if !isAuthority(host) {
			m.culprit, m.reason = "host", "is malformed"
			return FaultHost
		}
		p.Authority = host
	case sawHost && !sameAuthority(p.Authority, host, p.Scheme):
		m.culprit, m.reason = "host", "differs from :authority"
		return FaultHost
	}
	if rules.transport != TransportUnknown && isHTTP(p.Scheme) &&
		isHTTPS(p.Scheme) != (rules.transport == TransportEncrypted) {
		m.culprit, m.reason = ":scheme", "does not agree with the transport"
		return FaultSchemeMismatch
	}
	return FaultNone
}

func isHTTP(scheme string) bool  { return strings.EqualFold(scheme, "http") || isHTTPS(scheme) }
func isHTTPS(scheme string) bool { return strings.EqualFold(scheme, "https") }

// joinCookies replaces the cookie crumbs by one field at the place of the
// first (RFC 9113 §8.2.3), which is returned as well.
func joinCookies(fields []Field, crumbs int) (joined []Field, first int) {
	size := 0
	first = -1
	for i := range fields {
		if fields[i].Name == "cookie" {
			size += len(fields[i].Value) + 2
			if first < 0 {
				first = i
			}
		}
	}
	var b strings.Builder
	b.Grow(size)
	sensitive := false
	kept := fields[:0]
	for i, f := range fields {
		if f.Name != "cookie" {
			kept = append(kept, f)
			continue
		}
		if b.Len() > 0 || i != first {
			b.WriteString("; ")
		}
		b.WriteString(f.Value)
		sensitive = sensitive || f.Sensitive
		if i == first {
			kept = append(kept, f)
		}
	}
	kept[first].Value, kept[first].Sensitive = b.String(), sensitive
	return kept, first
}

// neverIndexed reports whether a field is kept out of the compression tables
// although the caller did not mark it: credentials, and cookies short enough
// to be guessed (RFC 7541 §7.1.3).
func neverIndexed(f *Field) bool {
	switch f.Name {
	case "authorization", "proxy-authorization":
		return true
	case "cookie", "set-cookie":
		return len(f.Value) < shortCookie
	}
	return false
}

const shortCookie = 20

// FitsTrailers reports whether a field of that name, in lower case, may stand in
// trailers that are sent (RFC 9110 §6.5.1, RFC 9113 §8.1 and §8.2.2). Those that
// are received may have others, except for pseudo-fields and those about the
// connection: they are delivered, and mean nothing.
func FitsTrailers(name string) bool {
	switch name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings":
		return false
	}
	return isLowerToken(name) && !notInTrailers(name)
}

// notInTrailers reports whether a field frames, routes, authenticates or
// describes the content, and so has no place in trailers (RFC 9110 §6.5.1).
func notInTrailers(name string) bool {
	switch name {
	case "content-length", "content-encoding", "content-type", "content-range", "host", "te",
		"trailer", "authorization", "proxy-authorization", "proxy-authenticate", "www-authenticate",
		"cache-control", "expect", "max-forwards", "pragma", "range", "set-cookie", "cookie",
		"age", "expires", "date", "location", "retry-after", "vary", "warning":
		return true
	}
	return false
}
