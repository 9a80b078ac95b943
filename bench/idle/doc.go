//go:build linux

// Command idle measures what connections cost a server in resident memory
// while nothing happens on them.
//
//	go run ./bench/idle -api core -n 5000
//	go run ./bench/idle -api events -n 20000
//	go run ./bench/idle -api events -n 10 -streams 1000              idle streams
//	go run ./bench/idle -api events -n 1 -streams 1000 -body 32768   half-received uploads
//	go run ./bench/idle -addr 127.0.0.1:9000 -pid 4711               any server
//
// It starts bench/server on core 0, opens the connections, does one request on
// each, and acknowledges the server's settings, as clients do. Then it says by
// how much the server's resident memory (VmRSS) has grown, in bytes a
// connection, at once and again after -settle: what a connection really holds,
// what its requests left behind for the collector, and the slack that the
// collector allows for. With -streams each connection has that many requests
// instead, whose bodies do not end, and the figure is that of one stream.
//
// Connections are opened -burst at a time: so many requests are on their way at
// once. -burst 0 sends all of them at the same moment.
package main
