// Command server is the contender in weft's benchmarks: a server of fixed
// answers, one for each of weft's own interfaces.
//
//	go run ./bench/server -addr 127.0.0.1:9000 -api core
//
// It answers / with 14 bytes of text, /json with 1 KiB of it, /page as / but
// with ten fields, /64k, /1m, /50m and /1g with as many zeros, /file with the
// file that -file names (events and nethttp only), and any POST with the length of
// its body in decimal. A query after the path makes no difference. With -tls
// it speaks TLS, with a certificate of its own unless -cert and -key name one.
//
// -api core drives the protocol core without any layer above it, -api events
// is package events, -api compat is its Request and Response, -api verb is
// package verb with five middlewares and a hundred routes (-api verb-goroutine:
// each request in a goroutine of its own), and -api nethttp is
// Go's net/http with the same answers, to compare with in the same run.
//
// Whatever the interface, the collector runs when the heap has grown to five
// times what lives, GOGC=400, unless GOGC says otherwise: with the default a
// program that has next to nothing on its heap collects every 4 MB, which is a
// measure of nothing a real server does.
package main
