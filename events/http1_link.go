package events

import "time"

// link carries bytes between the two sessions of a connection by HTTP/1.1 and
// gives them their turns, until end: what transport.Run does for those that
// have a socket.
func (c *HTTP1Conn) link() {
	defer close(c.ended)
	wake := func() {
		select {
		case c.wake <- struct{}{}:
		default: // it is awake
		}
	}
	near, far := &linked{s: &c.cs.Session}, &linked{s: &c.ss.Session}
	near.s.OnWake(wake)
	far.s.OnWake(wake)
	clock := c.srv.opts.Now
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := clock()
		if near.giveTo(far, now) || far.giveTo(near, now) || near.advance(now) || far.advance(now) {
			continue
		}
		if far.s.Done() {
			c.conn.Close() // whoever destroyed the session ends the connection
		}
		if at := earliest(near.s.NextDeadline(), far.s.NextDeadline()); at.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, at.Sub(clock())))
		}
		select {
		case <-c.wake:
		case <-timer.C:
		case <-c.ending:
			now := clock()
			far.s.ReceiveEOF(now, nil)
			near.s.ReceiveEOF(now, nil)
			return
		}
	}
}

// linked is an end of a link.
type linked struct {
	s     *Session
	spare []byte
}

// giveTo gives what the session has put out to the other one, unless that can't
// take any for now. It reports whether there was anything.
func (l *linked) giveTo(to *linked, now time.Time) bool {
	if to.s.ReadPaused() {
		return false
	}
	out := l.s.SwapOutput(l.spare)
	if l.spare = out; len(out) == 0 {
		return false
	}
	l.s.Wrote(now, len(out))
	if !to.s.Done() {
		to.s.Receive(now, out)
	}
	return true
}

// advance gives the session the turn it is due, if it is.
func (l *linked) advance(now time.Time) bool {
	at := l.s.NextDeadline()
	if at.IsZero() || at.After(now) {
		return false
	}
	l.s.Advance(now)
	return true
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
