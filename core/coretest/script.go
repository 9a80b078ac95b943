package coretest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A Script is one story: stanzas of something that happens to a connection and
// what comes out.
type Script struct {
	Path string
	// Rows are the ids in the lines "# rows: …": the requirements that the
	// story shows.
	Rows []string

	whole   bool // "# whole: …" says why its input cannot be cut
	stanzas []*stanza
	tail    string // comments behind the last stanza
}

// stanza is a command with its lines, and what it should print.
type stanza struct {
	lead  string // comments and blank lines before it
	line  int    // where head stands
	head  string // without "Nx" and "tally"
	text  string // head as it stands there
	body  []string
	raw   []string // body with its comments
	times int
	tally bool
	want  []string
}

const separator = "----"

// Load reads the scripts below a folder, in the order of their names.
func Load(dir string) ([]*Script, error) {
	var list []*Script
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txt" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parseScript(path, string(b))
		list = append(list, s)
		return err
	})
	return list, err
}

var rowsLine = regexp.MustCompile(`(?m)^# rows:(.*)$`)

func parseScript(path, text string) (*Script, error) {
	s := &Script{Path: path, whole: strings.Contains(text, "\n# whole:")}
	for _, m := range rowsLine.FindAllStringSubmatch(text, -1) {
		s.Rows = append(s.Rows, strings.Fields(m[1])...)
	}
	var lead strings.Builder
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" || strings.HasPrefix(lines[i], "#") {
			lead.WriteString(lines[i] + "\n")
			continue
		}
		st := &stanza{lead: lead.String(), line: i + 1, text: lines[i], times: 1}
		lead.Reset()
		if err := st.parseHead(); err != nil {
			return s, fmt.Errorf("%s:%d: %v", path, i+1, err)
		}
		for i++; i < len(lines) && lines[i] != separator; i++ {
			if lines[i] == "" {
				return s, fmt.Errorf("%s:%d: the stanza has no %s", path, st.line, separator)
			}
			st.raw = append(st.raw, lines[i])
			if !strings.HasPrefix(lines[i], "#") {
				st.body = append(st.body, lines[i])
			}
		}
		if i == len(lines) {
			return s, fmt.Errorf("%s:%d: the stanza has no %s", path, st.line, separator)
		}
		for i++; i < len(lines) && lines[i] != ""; i++ {
			st.want = append(st.want, lines[i])
		}
		i--
		s.stanzas = append(s.stanzas, st)
	}
	s.tail = lead.String()
	return s, nil
}

// parseHead takes "1000x" and "tally" off the first line.
func (st *stanza) parseHead() error {
	var kept []string
	w, err := words(st.text)
	for i, word := range w {
		if n, ok := strings.CutSuffix(word, "x"); ok && i > 0 {
			if times, err := strconv.Atoi(n); err == nil {
				st.times = times
				continue
			}
		}
		if word == "tally" {
			st.tally = true
			continue
		}
		kept = append(kept, word)
	}
	st.head = strings.Join(kept, " ")
	return err
}

// turn is what a line is told of the repetition it stands in.
func (st *stanza) turn(n int) int {
	if st.times == 1 {
		return -1
	}
	return n
}

// Text is the script as it would be written to its file.
func (s *Script) Text() string {
	var b strings.Builder
	for _, st := range s.stanzas {
		b.WriteString(st.lead)
		for _, part := range [][]string{{st.text}, st.raw, {separator}, st.want} {
			for _, l := range part {
				b.WriteString(l + "\n")
			}
		}
	}
	b.WriteString(s.tail)
	return b.String()
}

// Printed reports whether some stanza is expected to print a line that has the
// word, alone or at the end of a line.
func (s *Script) Printed(word string) bool {
	for _, st := range s.stanzas {
		for _, l := range st.want {
			for _, w := range strings.Fields(l) {
				if w == word || w == "LastFault="+word {
					return true
				}
			}
		}
	}
	return false
}
