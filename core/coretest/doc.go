// Package coretest is the test kit of weft/core: a Peer that makes the frames
// of the other side, a Validator that judges what an endpoint sends, a Pair of
// a client and a server on virtual time, and a runner for scripts.
//
// # Scripts
//
// A script is one story. It begins with a comment that names the rule, and a
// line of the requirements it shows. Then come stanzas: a command, its lines,
// a separator, and what comes out.
//
//	# RFC 9113 §6.9.1: overflowing a stream's window ends that stream, not the connection.
//	# rows: 9113-6.9.1-3 9113-5.4.2-1
//	server ready
//	----
//
//	peer
//	HEADERS 1 GET / END_STREAM
//	WINDOW_UPDATE 1 +2147483647
//	PING
//	----
//	HeadersReceived 1 GET / end
//	StreamReset 1 FLOW_CONTROL_ERROR local window-overflow
//	PingReceived 0102030405060708
//	out RST_STREAM 1 FLOW_CONTROL_ERROR
//	out PING ACK 0102030405060708
//
// What comes out are the events in their order, then the frames, then events
// and frames again if taking the output made some. The test flag -update
// writes what did come out into the script.
//
// The commands:
//
//	server [ready] [option…]   begin a connection in that role. Options are
//	client [ready] [option…]   fields of core.Config, Idle=5s or FixedWindows,
//	                           and settings, INITIAL_WINDOW_SIZE=10. With
//	                           ready the handshake is done and not shown.
//	peer [Nx] [tally]          the lines are what the peer sends, N times over;
//	                           all of it arrives at once
//	do [Nx] [tally]            the lines are commands of our own user
//	advance 10s                time passes, deadline by deadline
//	info, stream 1, settings local, settings peer [field…]
//	deadline, paused, unprocessed 1
//
// With tally, lines that differ only in their stream are counted. A stream
// given as 1+2 is 1 the first time, then 3, 5 and so on. In a field, # is the
// number of the repetition, and x*1000 stands for 1000 x. Long lines are cut
// short when they are printed.
//
// The peer's lines:
//
//	PREFACE
//	SETTINGS [NAME=value…]     or SETTINGS ACK
//	HEADERS 1 GET /path [name=value…] [END_STREAM] [pad=n] [prio=parent,weight[,excl]]
//	HEADERS 1 200 [name=value…]
//	HEADERS 1 name=value… hex=82…
//	    cut=n,m                the block goes on in CONTINUATIONs from these offsets
//	    first=n                only n bytes of it, the rest by CONTINUATION lines
//	    NO_END_HEADERS
//	CONTINUATION 1 [END_HEADERS] [size=n] [hex=…]
//	PUSH_PROMISE 1 2 GET /path […]
//	DATA 1 "text" [END_STREAM] [pad=n]          or size=n, or hexadecimal
//	RST_STREAM 1 CANCEL
//	WINDOW_UPDATE 1 +100
//	PING [ACK] [0102030405060708]
//	GOAWAY last=1 NO_ERROR ["debug"]
//	PRIORITY 1 prio=parent,weight[,excl]
//	ALTSVC 0 "origin" "value"
//	ORIGIN "origin"…
//	PRIORITY_UPDATE 1 "u=1"
//	TABLE 0                    the peer's compression table changes its size
//	frame type=0x16 flags=0 stream=0 [length=n] 00ff…
//	raw 00ff…                  or "text"
//	eof
//
// A request has :scheme https and :authority example.org unless the line says
// otherwise; a field whose value ends in ! is sensitive.
//
// Our own commands:
//
//	open GET / [name=value…] [END_STREAM] [prio=…]
//	headers 1 200 [name=value…] [END_STREAM]
//	send 1 "text" [END_STREAM]     prints "sent n of m" when it falls short
//	body 1 size=100000 END_STREAM  sends it all, whenever the stream is Writable
//	consume 1 n, reset 1 CANCEL, hold 1, release 1
//	push 1 GET /path
//	settings NAME=value…, ping, window n, wrote n
//	shutdown, goaway last=n CODE ["debug"], close CODE ["debug"]
//	prioritize 1 prio=… [silent], priority_update 1 "u=1"
//	altsvc 0 "origin" "value", origin "origin"…
//	frame type=0xfe flags=0 stream=1 00ff…
//
// A command that returns an error prints it.
//
// # Cut anywhere
//
// Every script runs twice more with the peer's bytes cut: one byte at a time,
// and at random. Events and output must stay the same, except for when a
// stream is told that it may write. A script for which that makes a difference
// says so in a line "# whole: why".
//
// # The validator
//
// Whatever a connection sends passes a Validator, which knows only what went
// over the wire. A script cannot expect invalid output.
package coretest
