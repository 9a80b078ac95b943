package inspector

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	indent   = "          "
	maxValue = 4 << 10  // bytes shown of a value
	maxFrame = 32 << 10 // bytes of text for one frame, roughly
)

// text is what the log is about to write.
type text struct {
	b             []byte
	lead          []byte // what the first line of a frame begins with
	showSensitive bool

	frame   int // where in b the current frame begins
	skipped int // lines of the current frame that were left out
}

// begin begins a frame, or something else that has a time.
func (t *text) begin(format string, args ...any) {
	t.frame, t.skipped = len(t.b), 0
	t.b = append(t.b, t.lead...)
	t.b = fmt.Appendf(t.b, format, args...)
	t.b = append(t.b, '\n')
}

// line adds an indented line to the frame. Compression lets a short frame hold
// much text, so a frame has only so many.
func (t *text) line(format string, args ...any) {
	if t.skips() {
		return
	}
	t.b = append(t.b, indent...)
	t.b = fmt.Appendf(t.b, format, args...)
	t.b = append(t.b, '\n')
}

// skips reports whether the next line is left out, and counts it then.
func (t *text) skips() bool {
	if len(t.b)-t.frame <= maxFrame {
		return false
	}
	t.skipped++
	return true
}

// end ends the frame.
func (t *text) end() {
	if t.skipped > 0 {
		t.b = fmt.Appendf(t.b, indent+"; %d more lines not shown\n", t.skipped)
	}
}

// field adds a line for a field.
func (t *text) field(name, value string, sensitive bool) {
	if t.skips() {
		return // before it costs anything: a byte of a frame may stand for KiBs of text
	}
	if (sensitive || isSensitive(name)) && !t.showSensitive {
		t.line("%s: <sensitive>", plain(name))
		return
	}
	t.line("%s: %s", plain(name), plain(value))
}

// isSensitive reports whether a field holds a secret even if whoever sent it
// let it be indexed.
func isSensitive(name string) bool {
	switch strings.ToLower(name) {
	case "cookie", "set-cookie", "authorization", "proxy-authorization":
		return true
	}
	return false
}

// plain returns s as it is if it can be printed, and quoted otherwise; in
// either case cut if it is long.
func plain(s string) string {
	for _, r := range s[:min(len(s), maxValue)] {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return quoted(s)
		}
	}
	if len(s) > maxValue {
		return fmt.Sprintf("%s... (%d bytes)", s[:maxValue], len(s))
	}
	return s
}

// quoted returns s with quotes, cut if it is long.
func quoted[S string | []byte](s S) string {
	if len(s) > maxValue {
		return fmt.Sprintf("%q... (%d bytes)", s[:maxValue], len(s))
	}
	return strconv.Quote(string(s))
}
