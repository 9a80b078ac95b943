package core_test

import (
	"testing"

	"weft/core"
	"weft/core/coretest"
)

// TestEveryFault asks that everything a peer can do wrong is done wrong in some
// script.
func TestEveryFault(t *testing.T) {
	scripts, err := coretest.Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
next:
	for _, f := range core.Faults() {
		for _, s := range scripts {
			if s.Printed(f.String()) {
				continue next
			}
		}
		t.Errorf("no script shows %v (%s)", f, f.Rule())
	}
}
