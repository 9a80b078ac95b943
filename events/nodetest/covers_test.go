package nodetest

import (
	"sync"
	"testing"
)

// covered are the rows shown so far, each with the tests that show it.
var covered struct {
	sync.Mutex
	rows map[string][]string
}

// covers says that the assertion beside it shows a row of docs/node-parity.md.
func covers(t *testing.T, row string) {
	t.Helper()
	covered.Lock()
	defer covered.Unlock()
	if covered.rows == nil {
		covered.rows = make(map[string][]string)
	}
	covered.rows[row] = append(covered.rows[row], t.Name())
}
