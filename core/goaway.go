package core

import (
	"time"

	"weft/core/frame"
)

// lastToName is the Last-Stream-ID of a GOAWAY sent now: the highest stream of
// the peer that was or may have been acted on, never above an earlier one.
func (c *Conn) lastToName() StreamID { return min(c.lastPeerID, c.goAwaySent) }

// afterGoAway reports whether a stream of the peer's is beyond what our last
// GOAWAY promised to serve.
func (c *Conn) afterGoAway(id StreamID) bool { return !c.isOurs(id) && id > c.goAwaySent }

// Shutdown ends the connection gracefully (RFC 9113 §6.8). A server first
// says that it will stop, and a round trip later which request was the last;
// streams that are open finish, and then ConnClosed is reported. After
// Config.Shutdown it is, whatever is open. Calling it again does nothing.
func (c *Conn) Shutdown(now time.Time) {
	c.tick(now)
	if !c.closed() {
		c.startShutdown()
	}
}

// beginShutdown is a shutdown that the core decided on itself.
func (c *Conn) beginShutdown(why Fault) {
	if c.draining {
		return
	}
	c.shutdownFault, c.shutdownEvent = why, true
	c.startShutdown()
}

// shuttingDown reports whether a GOAWAY was sent.
func (c *Conn) shuttingDown() bool { return c.goAwaySent <= MaxStreamID }

func (c *Conn) startShutdown() {
	if c.draining {
		return
	}
	c.draining = true
	c.disarm(TimerIdle)
	c.arm(TimerShutdown, c.cfg.Timeouts.Shutdown)
	if c.client {
		c.finishShutdown() // there are no requests on their way to us
		return
	}
	c.goAwaySent = min(c.goAwaySent, MaxStreamID) // the caller's GoAway may have named less
	c.out = frame.AppendGoAway(c.out, frame.GoAwayFrame{LastStream: c.goAwaySent, Code: NoError})
	c.out = frame.AppendPing(c.out, false, shutdownOpaque)
	c.shutdownRTT = true
	c.arm(TimerShutdownNotice, c.cfg.ShutdownNotice)
}

// finishShutdown names the last stream that will be served.
func (c *Conn) finishShutdown() {
	c.shutdownRTT = false
	c.disarm(TimerShutdownNotice)
	if c.goAwayFinal || c.closed() {
		return
	}
	c.goAwayFinal = true
	c.goAwaySent = c.lastToName()
	c.out = frame.AppendGoAway(c.out, frame.GoAwayFrame{LastStream: c.goAwaySent, Code: NoError})
	c.maybeFinish()
}

// maybeFinish ends a connection that was shut down once its streams are done.
func (c *Conn) maybeFinish() {
	if c.closed() || c.wireStreams > 0 || !c.goAwayFinal {
		return
	}
	c.over(ConnClosed{Fault: c.shutdownFault, LastStream: c.goAwaySent})
}

// GoAway sends one GOAWAY frame as given, for callers who do the steps of a
// shutdown themselves; Node's session.goaway. lastStream is lowered to what
// was already named, and to an id of the peer's. A code other than NoError does not end the connection:
// Close does.
//
// debug is cut to 16376 bytes, which every peer takes in one frame. Errors:
// ErrClosed.
func (c *Conn) GoAway(now time.Time, code ErrCode, lastStream StreamID, debug []byte) error {
	c.tick(now)
	if c.closed() {
		return ErrClosed
	}
	lastStream = min(lastStream, MaxStreamID)
	if lastStream != MaxStreamID {
		// RFC 9113 §6.8: the id is one of the peer's, and a server can have
		// seen only promises that were made.
		if c.client {
			lastStream = min(lastStream, c.lastPeerID)
		}
		if lastStream != 0 && c.isOurs(lastStream) {
			lastStream--
		}
	}
	c.goAwaySent = min(c.goAwaySent, lastStream)
	c.out = frame.AppendGoAway(c.out, frame.GoAwayFrame{LastStream: c.goAwaySent, Code: code, Debug: cutDebug(debug)})
	return nil
}

// Close ends the connection at once with a GOAWAY. Open streams are reported
// as reset.
//
// debug is cut to 16376 bytes.
func (c *Conn) Close(now time.Time, code ErrCode, debug []byte) {
	c.tick(now)
	if c.closed() {
		return
	}
	last := c.lastToName()
	c.out = frame.AppendGoAway(c.out, frame.GoAwayFrame{LastStream: last, Code: code, Debug: cutDebug(debug)})
	c.over(ConnClosed{Code: code, LastStream: last})
}

// cutDebug cuts debug data to what every peer takes in one frame.
func cutDebug(debug []byte) []byte { return debug[:min(len(debug), frame.DefaultMaxFrameSize-8)] }

// recvGoAway handles GOAWAY (RFC 9113 §6.8).
func (c *Conn) recvGoAway(h frame.Header, p []byte) Event {
	f, err := frame.ParseGoAway(h, p)
	switch {
	case h.Stream != 0:
		c.fail(FaultStreamNotZero)
		return nil
	case err != nil:
		c.fail(FaultFrameSize)
		return nil
	}
	// The id is one of ours, and a client cannot know a promise that was not
	// made; 2^31-1 is how a graceful shutdown begins.
	if last := f.LastStream; last != 0 && last != MaxStreamID && (!c.isOurs(last) || !c.client && last >= c.nextID) {
		c.fail(FaultGoAwayStream)
		return nil
	}
	if c.goneAway {
		c.charge(causeControl)
		if c.closed() {
			return nil
		}
	}
	c.goneAway = true
	c.goAwayGot = min(c.goAwayGot, f.LastStream)
	for s := c.streams.head; s != nil; {
		next := s.allNext // settling may take s out of the list
		if c.isOurs(s.id) && s.id > c.goAwayGot && !s.state.closed() {
			c.reportReset(s, StreamReset{
				Stream: s.id, Code: RefusedStream, Fault: FaultGoneAway, ByPeer: true, Unprocessed: true,
			})
			c.settle(s, StateClosedByUs)
		}
		s = next
	}
	debug := f.Debug[:min(len(f.Debug), c.cfg.MaxDebugData)]
	ev := &c.rare().goAway
	*ev = GoAwayReceived{f.Code, c.goAwayGot, debug}
	return ev
}
