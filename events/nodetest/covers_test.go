package nodetest

import (
	"strings"
	"sync"
	"testing"
)

// evidence is what the tests of a run have shown. Only a test that passed
// counts.
var evidence struct {
	sync.Mutex
	rows  map[string][]string // by row, the tests that said covers
	tests map[string]bool     // that passed
}

// covers says that the assertion beside it shows a row of docs/node-parity.md.
func covers(t *testing.T, row string) {
	t.Helper()
	p, err := parityLists()
	if err != nil {
		t.Fatal(err)
	}
	if !p.has(row) {
		t.Fatalf("covers(%q): testdata/parity has no such row", row)
	}
	passed(t, row)
}

// ran says that the test shows the behaviour it is named after. newWorld and
// newRaw say it; so does a test that needs neither.
func ran(t *testing.T) { passed(t, "") }

func passed(t *testing.T, row string) {
	name := t.Name()
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		evidence.Lock()
		defer evidence.Unlock()
		if evidence.rows == nil {
			evidence.rows, evidence.tests = make(map[string][]string), make(map[string]bool)
		}
		evidence.tests[name] = true
		if row != "" {
			evidence.rows[row] = append(evidence.rows[row], name)
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
