package core_test

import (
	"testing"

	"weft/core/coretest"
)

// TestScripts runs the stories in testdata; package coretest says how to read
// them.
func TestScripts(t *testing.T) { coretest.Run(t, "testdata") }
