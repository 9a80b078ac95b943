// Command canned is the ceiling in weft's benchmarks: what a Go process can do
// at most under a client. It cuts input into frames and answers every request
// with the same bytes, without decoding a header block, keeping a stream,
// checking anything or minding flow control.
//
//	go run ./bench/canned -addr 127.0.0.1:9000
//
// With -cert and -key it speaks TLS. One goroutine serves a connection; what
// one read brings is answered by one write.
package main
