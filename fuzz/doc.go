// Package fuzz holds the fuzz targets of the protocol core. Each states
// equations, not merely that nothing crashes:
//
//   - FuzzServer, FuzzClient: whatever a peer sends and whatever the caller
//     commands, what the core reports, what its getters say and what it sends
//     agree with each other and with a plain model of RFC 9113.
//   - FuzzCut: the same bytes in any pieces give the same events and output.
//   - FuzzFrames: what is appended parses back to the same frames.
//   - FuzzFields: fields that one end accepts are what the other reports.
//   - FuzzPair: two ends of ours never accuse each other, and nothing that one
//     accepted is lost, whatever is commanded and however it travels.
//   - FuzzReplay: a recorded connection fed again, at another time of day,
//     gives the same events and output.
//
// Those of package events are beside it, for they look inside.
//
// The fuzzer's bytes are read as programs (tape_test.go): a byte picks what to
// do, the next ones its arguments. An end (end_test.go) is a core.Conn with the
// model beside it; every call goes through it and is checked there.
package fuzz
