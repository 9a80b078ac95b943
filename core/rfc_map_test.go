package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weft/core/coretest"
)

const mapFile = "../docs/rfc.md"

// TestRequirementsMap keeps docs/rfc.md true: it has every requirement once, in
// order of its sections; each names the scripts that say they show it, and
// these alone; tests it names exist; and nothing is left without either or a
// reason. With -update the names of scripts and the figures are written.
func TestRequirementsMap(t *testing.T) {
	text, err := os.ReadFile(mapFile)
	if err != nil {
		t.Fatal(err)
	}
	m := readMap(t, string(text))
	m.shown = shownBy(t)
	if *coretest.Update {
		if err := os.WriteFile(mapFile, []byte(m.rewritten()), 0o644); err != nil {
			t.Fatal(err)
		}
		m.lines = strings.Split(m.rewritten(), "\n")
		rows := readMap(t, m.rewritten())
		m.rows = rows.rows
	}
	for id, scripts := range m.shown {
		if !m.has(id) {
			t.Errorf("%s: no such row: %s", strings.Join(scripts, " "), id)
		}
	}
	for _, r := range m.rows {
		if !slices.Equal(r.scripts, m.shown[r.id]) {
			t.Errorf("%s names the scripts %v, those with the row are %v", r.id, r.scripts, m.shown[r.id])
		}
		for _, test := range r.tests {
			if !testExists(t, test) {
				t.Errorf("%s: there is no %s", r.id, test)
			}
		}
		if len(r.scripts)+len(r.tests) == 0 && !strings.HasPrefix(r.rest, notHere) {
			t.Errorf("%s has neither script nor test nor reason", r.id)
		}
		if strings.HasPrefix(r.rest, notHere) && len(r.scripts)+len(r.tests) > 0 {
			t.Errorf("%s is not for us and shown by %v %v", r.id, r.scripts, r.tests)
		}
		if len(r.text) < 10 {
			t.Errorf("%s says %q", r.id, r.text)
		}
	}
	if stated := figures.FindString(strings.Join(m.lines, "\n")); stated != m.figures() {
		t.Errorf("stated: %s\nit is: %s", stated, m.figures())
	}
	if len(m.rows) != requirements {
		t.Errorf("%d rows, there are %d requirements", len(m.rows), requirements)
	}
}

// requirements is how many there are. One that is taken away shows here.
const requirements = 389

const notHere = "Not here: "

var (
	rowID   = regexp.MustCompile(`^\| (\d{4}-[0-9.]+-\d+) \| (.*) \| (.*) \|$`)
	quoted  = regexp.MustCompile("^`([^`]+)`(, )?")
	figures = regexp.MustCompile(`\d+ rows: \d+ are shown by scripts, \d+ by tests alone, \d+ are not for us`)
)

// requirement is a row of the map.
type requirement struct {
	line    int
	id      string
	text    string
	scripts []string
	tests   []string // folder:TestName
	rest    string   // what stands behind them
}

type requirementsMap struct {
	lines []string
	rows  []requirement
	shown map[string][]string // by row: the scripts that say so
}

func readMap(t *testing.T, text string) *requirementsMap {
	t.Helper()
	m := &requirementsMap{lines: strings.Split(text, "\n")}
	for i, l := range m.lines {
		f := rowID.FindStringSubmatch(l)
		if f == nil {
			if strings.HasPrefix(l, "| ") && !strings.HasPrefix(l, "| Row |") {
				t.Errorf("%s:%d: not a row: %s", mapFile, i+1, l)
			}
			continue
		}
		r := requirement{line: i, id: f[1], text: f[2], rest: f[3]}
		if m.has(r.id) {
			t.Errorf("%s:%d: %s stands twice", mapFile, i+1, r.id)
		}
		for q := quoted.FindStringSubmatch(r.rest); q != nil; q = quoted.FindStringSubmatch(r.rest) {
			r.rest = r.rest[len(q[0]):]
			if strings.Contains(q[1], ":") {
				r.tests = append(r.tests, q[1])
			} else {
				r.scripts = append(r.scripts, q[1])
			}
		}
		m.rows = append(m.rows, r)
	}
	return m
}

func (m *requirementsMap) has(id string) bool {
	return slices.ContainsFunc(m.rows, func(r requirement) bool { return r.id == id })
}

// shownBy reads the rows of all scripts.
func shownBy(t *testing.T) map[string][]string {
	t.Helper()
	scripts, err := coretest.Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string][]string)
	for _, s := range scripts {
		name, _ := filepath.Rel("testdata", strings.TrimSuffix(s.Path, ".txt"))
		name = filepath.ToSlash(name)
		if len(s.Rows) == 0 {
			t.Errorf("%s shows no row", name)
		}
		for _, id := range s.Rows {
			if slices.Contains(shown[id], name) {
				t.Errorf("%s names %s twice", name, id)
			}
			shown[id] = append(shown[id], name)
		}
	}
	return shown
}

// testExists looks for folder:TestName.
func testExists(t *testing.T, test string) bool {
	t.Helper()
	folder, name, _ := strings.Cut(test, ":")
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// rewritten is the page with the scripts and figures as they are.
func (m *requirementsMap) rewritten() string {
	lines := slices.Clone(m.lines)
	for i := range m.rows {
		r := &m.rows[i]
		r.scripts = m.shown[r.id]
		var names []string
		for _, n := range append(slices.Clone(r.scripts), r.tests...) {
			names = append(names, "`"+n+"`")
		}
		lines[r.line] = fmt.Sprintf("| %s | %s | %s%s |", r.id, r.text, strings.Join(names, ", "), r.rest)
	}
	return figures.ReplaceAllString(strings.Join(lines, "\n"), m.figures())
}

// figures counts the rows by who shows them.
func (m *requirementsMap) figures() string {
	var scripts, tests, none int
	for _, r := range m.rows {
		switch {
		case len(r.scripts) > 0:
			scripts++
		case len(r.tests) > 0:
			tests++
		default:
			none++
		}
	}
	return fmt.Sprintf("%d rows: %d are shown by scripts, %d by tests alone, %d are not for us",
		len(m.rows), scripts, tests, none)
}
