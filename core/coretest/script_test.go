package coretest_test

import (
	"os"
	"testing"

	"weft/core/coretest"
)

// TestScriptsStayAsTheyAre: what -update writes is what was read, if nothing
// came out differently.
func TestScriptsStayAsTheyAre(t *testing.T) {
	scripts, err := coretest.Load("../testdata")
	if err != nil || len(scripts) == 0 {
		t.Fatal(len(scripts), err)
	}
	for _, s := range scripts {
		b, err := os.ReadFile(s.Path)
		if err != nil {
			t.Fatal(err)
		}
		if s.Text() != string(b) {
			t.Errorf("%s would be written differently", s.Path)
		}
	}
}
