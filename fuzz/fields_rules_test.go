package fuzz

import (
	"fmt"
	"regexp"
	"strings"

	"weft/core"
)

var (
	nameRule   = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9a-z]+$")
	valueRule  = regexp.MustCompile(`^([\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$`)
	statusRule = regexp.MustCompile(`^[1-5][0-9][0-9]$`)
	lengthRule = regexp.MustCompile(`^[0-9]+$`)
)

// malformed applies the rules of RFC 9113 §8 to what was reported, in the
// plainest way. It returns what is wrong, or "".
func malformed(kind core.HeadersKind, list []core.Field, p core.Pseudo) string {
	seen := make(map[string]string)
	regular := false
	for _, f := range list {
		if strings.HasPrefix(f.Name, ":") {
			if _, twice := seen[f.Name]; twice || regular {
				return f.Name + " is misplaced or stands twice"
			}
			seen[f.Name] = f.Value
			continue
		}
		regular = true
		if !nameRule.MatchString(f.Name) {
			return fmt.Sprintf("the name %q", f.Name)
		}
		if !valueRule.MatchString(latin1(f.Value)) {
			return fmt.Sprintf("the value %q of %s", f.Value, f.Name)
		}
		switch f.Name {
		case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
			return f.Name
		case "te":
			if f.Value != "trailers" || kind != core.KindRequest {
				return "te: " + f.Value
			}
		case "content-length":
			if kind != core.KindTrailers && !lengthRule.MatchString(f.Value) {
				return "content-length: " + f.Value
			}
		case "cookie":
			if _, twice := seen["cookie"]; twice {
				return "several cookie fields"
			}
			seen["cookie"] = ""
		}
	}
	delete(seen, "cookie")
	has := func(name string) bool {
		_, ok := seen[name]
		delete(seen, name)
		return ok
	}
	status, method, scheme, authority, path, protocol := seen[":status"], seen[":method"], seen[":scheme"], seen[":authority"], seen[":path"], seen[":protocol"]
	hasStatus, hasMethod, hasScheme, hasAuthority, hasPath, hasProtocol := has(":status"), has(":method"), has(":scheme"), has(":authority"), has(":path"), has(":protocol")
	if len(seen) > 0 {
		return fmt.Sprintf("the pseudo-fields %v", seen)
	}
	if method != p.Method || scheme != p.Scheme || path != p.Path || protocol != p.Protocol || hasAuthority && authority != p.Authority {
		return fmt.Sprintf("Pseudo is %+v", p)
	}
	switch kind {
	case core.KindTrailers:
		if hasStatus || hasMethod || hasScheme || hasAuthority || hasPath || hasProtocol {
			return "pseudo-fields in trailers"
		}
	case core.KindRequest:
		switch {
		case hasStatus || !hasMethod || !nameRule.MatchString(strings.ToLower(method)):
			return "not a request"
		case hasProtocol && method != "CONNECT":
			return ":protocol"
		case method == "CONNECT" && !hasProtocol:
			if hasScheme || hasPath || !strings.Contains(authority, ":") {
				return "not a CONNECT"
			}
		case !hasScheme || !hasPath, path == "*" && method != "OPTIONS", path != "*" && !strings.HasPrefix(path, "/"):
			return "not a request"
		case (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) && p.Authority == "",
			strings.Contains(p.Authority, "@"):
			return "no authority"
		}
	default:
		if !hasStatus || hasMethod || hasScheme || hasAuthority || hasPath || hasProtocol ||
			!statusRule.MatchString(status) || status == "101" || fmt.Sprint(p.Status) != status {
			return "not a response"
		}
	}
	return ""
}

// latin1 makes every byte a rune, so that a regular expression sees bytes.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
