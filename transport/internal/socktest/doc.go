// Package socktest has the sockets that tests of the transports begin with. It
// imports nothing of weft, so that those within a package may use it.
package socktest
