package parity

import (
	"strings"
	"sync"
	"testing"
)

// Covers says that the assertion beside it shows a row. Only a test that
// passes counts.
func (r *Run) Covers(t *testing.T, row string) {
	t.Helper()
	p, err := r.lists()
	if err != nil {
		t.Fatal(err)
	}
	if !p.has(row) {
		t.Fatalf("covers(%q): testdata/parity has no such row", row)
	}
	r.passed(t, row)
}

// Ran says that the test shows the behaviour it is named after.
func (r *Run) Ran(t *testing.T) { r.passed(t, "") }

// evidence is what the tests of a run have shown.
type evidence struct {
	sync.Mutex
	rows  map[string][]string // by row, the tests that said Covers
	tests map[string]bool     // that passed
}

func (r *Run) passed(t *testing.T, row string) {
	name := t.Name()
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		e := &r.evidence
		e.Lock()
		defer e.Unlock()
		if e.rows == nil {
			e.rows, e.tests = make(map[string][]string), make(map[string]bool)
		}
		e.tests[name] = true
		if row != "" {
			e.rows[row] = append(e.rows[row], name)
		}
	})
}

// behaviours returns, by the last part of their names, the tests that passed.
func behaviours(tests map[string]bool) map[string][]string {
	by := make(map[string][]string)
	for name := range tests {
		for part := range strings.SplitSeq(name, "/") {
			by[part] = append(by[part], name)
		}
	}
	return by
}
