// Package fourway runs the same stories over the real Node and over package
// events, in all four pairings of server and client, and compares what both
// ends saw.
//
// It holds tests only. A scenario has a server half and a client half, written
// twice: in Go, in a file for each group of scenarios, and in JavaScript, in the
// file of the same name in testdata. Both halves write a transcript in the same
// words: for each session and each stream the events in their order, with the
// data between two events summed up, for how it is cut and how the two ends
// interleave is chance. What Node says with Node is the reference. Where a
// pairing with weft is accepted to say something else, testdata/differences.tsv
// has the exact lines and the reason; a line there that no run needs is an
// error as well.
//
// Node is one long-lived process for each role (testdata/main.js), told what to
// do by lines of JSON. It has to be of major version 25: .ci/install puts it
// under .peers, and WEFT_NODE25 may name another one. Without it the tests are
// skipped, or fail with WEFT_REQUIRE_PEERS=1 in the environment.
//
//	go test ./events/fourway -transcripts DIR   # keeps every transcript
package fourway
