// Package raw reads and writes a socket without blocking and without holding
// a buffer while there is nothing to read.
package raw
