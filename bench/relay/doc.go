// Command relay is a long link in user space, for machines where the kernel's
// own (netem) can't be had:
//
//	go run ./bench/relay -addr 127.0.0.1:9001 -to 127.0.0.1:9000 -rtt 100ms -rate 125000000
//
// Each connection to -addr is carried to -to. In either direction bytes leave
// at -rate bytes a second, one connection's as if it had the link alone, and
// arrive half of -rtt later. Before the link is a queue of -queue bytes: when it
// is full, no more is read, so that TCP holds the sender back and nothing is
// lost.
package main
