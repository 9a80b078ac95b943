package coretest

import (
	"fmt"
	"strconv"
	"strings"

	"weft/core"
)

// Request returns the pseudo-fields of a request to https://example.org. A
// CONNECT has its target for a path.
func Request(method, path string, more ...core.Field) []core.Field {
	list := []core.Field{{Name: ":method", Value: method}}
	if method == "CONNECT" {
		return append(append(list, core.Field{Name: ":authority", Value: path}), more...)
	}
	list = append(list,
		core.Field{Name: ":scheme", Value: "https"},
		core.Field{Name: ":authority", Value: "example.org"},
		core.Field{Name: ":path", Value: path})
	return append(list, more...)
}

// Response returns the pseudo-field of a response.
func Response(status string, more ...core.Field) []core.Field {
	return append([]core.Field{{Name: ":status", Value: status}}, more...)
}

// fields takes everything that is left of the line as a field list: "GET /"
// and "200" stand for the pseudo-fields of a request and a response, and
// name=value for one field.
func (l *line) fields() []core.Field {
	var list []core.Field
	for first := true; len(l.rest) > 0; first = false {
		list = append(list, l.part(first)...)
	}
	return list
}

// part takes the next item of a field list.
func (l *line) part(first bool) []core.Field {
	w := l.take("a field")
	switch {
	case first && isMethod(w):
		path := written(l.str("the path"), l.turn)
		list := Request(w, path)
		return l.replace(list)
	case first && len(w) == 3 && w[0] >= '1' && w[0] <= '9' && !strings.Contains(w, "="):
		return Response(w)
	}
	f, err := parseField(w, l.turn)
	if err != nil {
		l.fail("%v", err)
	}
	return []core.Field{f}
}

// replace lets :name=value behind "GET /" stand in for the default.
func (l *line) replace(list []core.Field) []core.Field {
	for i := range list {
		if v, ok := l.option(list[i].Name); ok {
			list[i].Value, _ = unquote(v)
		}
	}
	return list
}

func isMethod(w string) bool {
	return strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && w != ""
}

// parseField reads name=value. Either may be quoted. An exclamation mark at
// the end, behind the quotes if there are any, makes the field sensitive. "#"
// is the number of the repetition, and x*1000 stands for 1000 x.
func parseField(w string, turn int) (f core.Field, err error) {
	name, value, ok := strings.Cut(w, "=")
	if strings.HasPrefix(w, `"`) {
		name, value, ok = strings.Cut(w[1:], `"=`)
		name = `"` + name + `"`
	}
	if !ok {
		return f, fmt.Errorf("%s is not name=value", w)
	}
	if v, found := strings.CutSuffix(value, "!"); found {
		value, f.Sensitive = v, true
	}
	if f.Name, err = unquote(name); err != nil {
		return f, err
	}
	if f.Value, err = unquote(value); err != nil {
		return f, err
	}
	f.Name, f.Value = written(f.Name, turn), written(f.Value, turn)
	return f, nil
}

// written puts the number of the repetition for #, if there is one, and writes
// out text*1000.
func written(s string, turn int) string {
	if turn >= 0 {
		s = strings.ReplaceAll(s, "#", itoa(turn))
	}
	if i := strings.LastIndexByte(s, '*'); i > 0 {
		if n, err := strconv.Atoi(s[i+1:]); err == nil {
			return strings.Repeat(s[:i], n)
		}
	}
	return s
}
