// Package nodetest holds tests only: it shows, row by row, that package events
// does what Node's http2 module does. docs/node-parity.md is made from its run.
//
// A test of a behaviour is named after its row (client-destroy.1); that it
// passed is noted by newWorld and newRaw, or by ran where it makes neither. An
// assertion that shows a name, an option or a rule says covers(t, "row.id").
//
// The rows are in testdata/parity, with their Go symbols; the behaviours in
// testdata/behaviours.tsv; and testdata/reasons.tsv says why a row is not
// shown. When all tests were run, TestMain compares.
package nodetest
