package coretest

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"weft/core"
)

// words cuts a line at blanks. Blanks inside double quotes do not count.
func words(text string) ([]string, error) {
	var list []string
	for text = strings.TrimLeft(text, " \t"); text != ""; text = strings.TrimLeft(text, " \t") {
		end, quoted := len(text), false
	scan:
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '\\' && quoted:
				i++
			case c == '"':
				quoted = !quoted
			case (c == ' ' || c == '\t') && !quoted:
				end = i
				break scan
			}
		}
		if quoted && end == len(text) {
			return nil, fmt.Errorf("unclosed quote in %s", text)
		}
		list = append(list, text[:end])
		text = text[end:]
	}
	return list, nil
}

// unquote takes the quotes off a word that has them.
func unquote(w string) (string, error) {
	if !strings.HasPrefix(w, `"`) {
		return w, nil
	}
	s, err := strconv.Unquote(w)
	if err != nil {
		return "", fmt.Errorf("bad string %s", w)
	}
	return s, nil
}

// A line is one line of a stanza while it is being understood: what is
// understood is taken away, and what is left at the end is an error.
type line struct {
	verb string
	rest []string
	turn int // which repetition of the stanza this is, from 0; -1: it has none
	err  error
}

func newLine(text string, turn int) (*line, error) {
	w, err := words(text)
	if err != nil || len(w) == 0 {
		return nil, fmt.Errorf("line %q: %v", text, err)
	}
	return &line{verb: w[0], rest: w[1:], turn: turn}, nil
}

func (l *line) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(l.verb+": "+format, args...)
	}
}

// done returns the first error, or that there are words nobody understood.
func (l *line) done() error {
	if len(l.rest) > 0 {
		l.fail("what is %s?", strings.Join(l.rest, " "))
	}
	return l.err
}

// take returns the next word.
func (l *line) take(what string) string {
	if len(l.rest) == 0 {
		l.fail("%s is missing", what)
		return ""
	}
	w := l.rest[0]
	l.rest = l.rest[1:]
	return w
}

// str returns the next word without its quotes.
func (l *line) str(what string) string {
	s, err := unquote(l.take(what))
	if err != nil {
		l.fail("%v", err)
	}
	return s
}

// flag reports whether the word stands in the line, and takes it.
func (l *line) flag(word string) bool {
	for i, w := range l.rest {
		if w == word {
			l.rest = append(l.rest[:i:i], l.rest[i+1:]...)
			return true
		}
	}
	return false
}

// option takes name=value.
func (l *line) option(name string) (value string, ok bool) {
	for i, w := range l.rest {
		if v, found := strings.CutPrefix(w, name+"="); found {
			l.rest = append(l.rest[:i:i], l.rest[i+1:]...)
			return v, true
		}
	}
	return "", false
}

// number reads a decimal or 0x number. "5+2" is 5 the first time, then 7, 9…
func (l *line) number(w string) int {
	w, step, _ := strings.Cut(w, "+")
	n, err := strconv.ParseInt(w, 0, 64)
	if err != nil {
		l.fail("%q is not a number", w)
	}
	if step != "" {
		by, err := strconv.Atoi(step)
		if err != nil {
			l.fail("%q is not a number", step)
		}
		n += int64(by * max(l.turn, 0))
	}
	return int(n)
}

func (l *line) optionNumber(name string, otherwise int) int {
	if w, ok := l.option(name); ok {
		return l.number(w)
	}
	return otherwise
}

func (l *line) id() core.StreamID { return core.StreamID(l.number(l.take("the stream"))) }

// code reads an error code, by name or number.
func (l *line) code() core.ErrCode {
	w := l.take("the error code")
	for c := range core.HTTP11Required + 1 {
		if c.String() == w {
			return c
		}
	}
	return core.ErrCode(l.number(w))
}

// opaque reads the eight bytes of a PING, as 16 hexadecimal digits or quoted.
func (l *line) opaque() (b [8]byte) {
	if len(l.rest) == 0 {
		return [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	}
	w := l.take("the payload")
	raw, err := hex.DecodeString(w)
	if strings.HasPrefix(w, `"`) {
		var s string
		s, err = unquote(w)
		raw = []byte(s)
	}
	if err != nil || len(raw) != 8 {
		l.fail("%s is not eight bytes", w)
		return b
	}
	return [8]byte(raw)
}

// settings takes every NAME=value, where a name may be a number.
func (l *line) settings() []core.Setting {
	var list []core.Setting
	for len(l.rest) > 0 {
		s, ok := parseSetting(l.rest[0])
		if !ok {
			break
		}
		list = append(list, s)
		l.rest = l.rest[1:]
	}
	return list
}

func parseSetting(w string) (core.Setting, bool) {
	name, value, ok := strings.Cut(w, "=")
	v, err := strconv.ParseUint(value, 0, 32)
	if !ok || err != nil {
		return core.Setting{}, false
	}
	for id := core.SettingID(1); id <= core.SettingNoRFC7540Priorities; id++ {
		if id.String() == name {
			return core.Setting{ID: id, Value: uint32(v)}, true
		}
	}
	id, err := strconv.ParseUint(name, 0, 16)
	return core.Setting{ID: core.SettingID(id), Value: uint32(v)}, err == nil
}

// priority takes prio=parent,weight or prio=parent,weight,excl.
func (l *line) priority() *core.Priority {
	w, ok := l.option("prio")
	if !ok {
		return nil
	}
	part := strings.Split(w, ",")
	if len(part) < 2 || len(part) > 3 || len(part) == 3 && part[2] != "excl" {
		l.fail("prio=%s is not parent,weight or parent,weight,excl", w)
		return nil
	}
	return &core.Priority{
		Parent: core.StreamID(l.number(part[0])), Weight: l.number(part[1]), Exclusive: len(part) == 3,
	}
}

// data takes "text", size=n or hexadecimal digits.
func (l *line) data() []byte {
	if w, ok := l.option("size"); ok {
		return make([]byte, l.number(w))
	}
	var all []byte
	for len(l.rest) > 0 {
		w := l.rest[0]
		if strings.HasPrefix(w, `"`) {
			all = append(all, l.str("text")...)
			continue
		}
		raw, err := hex.DecodeString(w)
		if err != nil {
			break
		}
		all = append(all, raw...)
		l.rest = l.rest[1:]
	}
	return all
}
