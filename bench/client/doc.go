// Command client is the load generator of weft's benchmarks, and itself a
// contender among the clients.
//
//	go run ./bench/client -url http://127.0.0.1:9000 -c 10 -m 100 -for 1s
//
// It opens -c connections, keeps -m requests under way on each for as long as
// -for says, and prints one line of JSON: how many requests, how many of them
// failed, how long it took, bytes of bodies, and percentiles of the time from a
// request to the end of its response.
//
// -kind says what is asked for: "small" is / with five fields that never change;
// "fields" is /page with a browser's twelve fields, of which path and cookie
// change with every request; "json" is /json; "mix" is /, and /64k every fifth
// time; any other kind is a path. -upload posts as many bytes instead.
//
// -hold opens so many uploads on each connection that get no further than
// -held bytes, and -bulk keeps so many downloads of /1g going beside the
// requests: neither is counted.
//
// With -wait it prints "ready" when all connections stand, have made -warm
// requests each and hold what they are to hold; for each line on standard input it
// then does what it is to do, and prints the result. In between it keeps all of
// that, idle, until standard input ends.
//
// -api core drives the protocol core, "events" is package events, "nethttp" is
// Go's net/http with a goroutine for each concurrent request. The last one can
// neither hold nor wait.
package main
