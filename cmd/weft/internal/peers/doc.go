// Package peers tests the weft command against programs that others wrote:
// clients against weft serve (curl, nghttp, h2load, Node, Chromium, h2spec) and
// weft get against servers (nghttpd, Node, h2o, nginx, h2specd).
//
// It holds tests only. Each starts real processes on free ports of the loopback
// interface, waits for what they print or for their port to accept, and kills
// and reaps their process groups at its end; what they printed is part of a
// failure. The command is built once per run, with the race detector if the
// tests have it.
//
// A test whose peer is not installed is skipped, and says which package has it;
// with WEFT_REQUIRE_PEERS=1 in the environment it fails. docs/conformance.md has
// the results.
package peers
