package main

import (
	"fmt"
	"strings"
)

// The document is written by people, but for what stands between two markers:
//
//	<!-- bench small-clear -->
//	…
//	<!-- /bench -->
const (
	markerOpen  = "<!-- bench %s -->\n"
	markerClose = "<!-- /bench -->"
)

// fill puts text between the markers of id.
func fill(doc, id, text string) (string, error) {
	mark := fmt.Sprintf(markerOpen, id)
	before, rest, ok := strings.Cut(doc, mark)
	if !ok {
		return doc, fmt.Errorf("no line %q", strings.TrimSpace(mark))
	}
	at := strings.Index(rest, markerClose)
	if at < 0 {
		return doc, fmt.Errorf("nothing closes %q", strings.TrimSpace(mark))
	}
	return before + mark + "\n" + strings.TrimSpace(text) + "\n\n" + rest[at:], nil
}
