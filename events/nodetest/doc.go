// Package nodetest holds tests only: it shows, row by row, that package events
// does what Node's http2 module does. docs/node-parity.md is made from its run.
//
// A test of a behaviour is named after its row (client-destroy.1), and an
// assertion that shows a name, an option or a rule says covers(t, "row.id").
package nodetest
