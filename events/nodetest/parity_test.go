package nodetest

import (
	"flag"
	"testing"

	"weft/internal/parity"
)

// complete says that every row has its symbol and its test: from then on, what
// is missing fails the run. Until then go test -v lists it.
const complete = true

const pageHead = `# Parity with Node's http2

What each name, option and rule of the module is in Go, and which test shows it. Behaviours, to the order of events
and the code of an error, follow at the end, each with the test that has its name. A reason stands where an RFC, an
abuse case or a decision of ` + "`docs/architecture.md`" + ` beat Node.

Written by ` + "`go test ./events/nodetest -update`" + ` from ` + "`events/nodetest/testdata`" + ` and from the run; a whole run
compares it. Symbols are of package ` + "`events`" + `, tests of ` + "`events/nodetest`" + `.
`

var run = parity.Run{
	Page: "../../docs/node-parity.md", Head: pageHead,
	Home:     "weft/events",
	Update:   "go test ./events/nodetest -update",
	Updating: updating,
	Complete: complete,
}

// TestMain compares what the whole run has shown with the lists.
func TestMain(m *testing.M) { run.Main(m) }

// updating reports whether the flag of package coretest is given, which here
// rewrites docs/node-parity.md.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }
