package nodetest

import "testing"

// covers says that the assertion beside it shows a row of docs/node-parity.md.
func covers(t *testing.T, row string) {
	t.Helper()
	run.Covers(t, row)
}

// ran says that the test shows the behaviour it is named after. newWorld and
// newRaw say it; so does a test that needs neither.
func ran(t *testing.T) { run.Ran(t) }
