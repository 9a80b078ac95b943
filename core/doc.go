// Package core is the HTTP/2 protocol (RFC 9113) as a pure state machine: bytes
// and time go in, typed events and bytes come out. It has no socket, goroutine,
// lock, clock, logger or randomness, so that the same connection runs over
// TCP, over anything else, or in a test on virtual time.
//
// # The loop
//
// A Conn is driven by one loop, whatever carries its bytes:
//
//	c, err := core.NewServer(now, core.Config{})
//	for {
//		c.Receive(now, p)                    // or Advance, or ReceiveEOF
//		for ev := c.Next(); ev != nil; ev = c.Next() {
//			switch ev := ev.(type) {
//			case *core.HeadersReceived:  // answer with c.Headers and c.Send
//			case *core.DataReceived:     // use ev.Data, then c.Consume
//			case *core.Writable:         // go on with what Send did not take
//			case *core.StreamReset:      // forget the stream
//			case *core.ConnClosed:       // the last event
//			}
//		}
//		out = c.AppendOutput(out[:0])        // write it
//		at, _ := c.NextDeadline()            // call Advance then, at the latest
//	}
//
// Taking output makes room, and room makes events (Writable): after writing,
// call Next again until it has nothing and there is no output.
//
// # Lifetimes
//
// What Receive is given is borrowed until Next returns nil. An event, with all
// it points to, is valid until the next call to Next; Clone keeps one. Fields
// and bodies given to commands are copied before they return.
//
// # Errors
//
// What the peer does wrong is a Fault: it ends a stream (StreamReset) or the
// connection (ConnClosed), with the code RFC 9113 asks for. What the caller
// does wrong is an error returned by the command, which then has changed
// nothing. The two lists have nothing in common.
//
// # Flow control, order and bounds
//
// Send takes what the windows, one frame and the bound on waiting output
// allow, and reports how much; whoever fell short waits, and Writable gives the
// turns in the order of RFC 9218 urgencies and RFC 7540 trees. Body bytes stay
// with the caller until then: the core holds no more output than
// Limits.MaxOutput. Received data is never held at all. Everything a peer can
// make grow has a line in Limits or Timeouts.
//
// # Reading the package
//
// conn.go has the struct and its parts; receive.go cuts frames and dispatches
// them; state.go is the state diagram of RFC 9113 §5.1 as a table; fault.go is
// the table of everything a peer can do wrong; limits.go that of every bound.
// The rest is one concern a file.
package core
