package core

import (
	"math"
	"time"
)

// Timer names the reason of a deadline.
type Timer uint8

// The timers of a connection. Those of streams share one entry a kind: all
// deadlines of a kind are equally far away, so that the first in its list is
// always the next.
const (
	TimerNone Timer = iota
	TimerPreface
	TimerHeaderBlock
	TimerSettingsAck
	TimerIdle
	TimerShutdownNotice
	TimerShutdown
	TimerWrite
	TimerKeepAlive
	TimerKeepAliveReply
	TimerSlim     // gives back what only a busy connection needs
	TimerBodyIdle // a request's body, or on a client the response to a promise
	TimerStall
	TimerTrickle
	numTimers
)

var timerNames = [numTimers]string{
	"none", "preface", "header-block", "settings-ack", "idle", "shutdown-notice",
	"shutdown", "write", "keepalive", "keepalive-reply", "slim", "body-idle", "stall", "trickle",
}

// String names the timer, for logs.
func (t Timer) String() string {
	if t < numTimers {
		return timerNames[t]
	}
	return "unknown"
}

// Times inside a Conn are nanoseconds since it was made; unarmed is later than
// all of them.
type instant = int64

const unarmed instant = math.MaxInt64

// tick moves the connection's clock. Time never runs backwards: a stale now is
// clamped.
func (c *Conn) tick(now time.Time) {
	if d := int64(now.Sub(c.start)); d > c.now {
		c.now = d
	}
}

// arm sets a timer d from now; Never leaves it unarmed.
func (c *Conn) arm(t Timer, d time.Duration) {
	c.deadlines[t] = c.in(d)
}

func (c *Conn) in(d time.Duration) instant {
	if d >= Never-time.Duration(c.now) {
		return unarmed
	}
	return c.now + int64(d)
}

func (c *Conn) disarm(t Timer) { c.deadlines[t] = unarmed }

// next returns the earliest deadline.
func (c *Conn) next() (instant, Timer) {
	at, why := unarmed, TimerNone
	for t := TimerPreface; t < numTimers; t++ {
		d := c.deadlines[t]
		if l := streamList(t); l >= 0 {
			d = c.timed[l].first()
		}
		if d < at {
			at, why = d, t
		}
	}
	return at, why
}

// NextDeadline returns when Advance has to be called and for which timer; the
// zero Time when nothing is waiting. It changes with every call of any other
// method.
func (c *Conn) NextDeadline() (at time.Time, why Timer) {
	d, why := c.next()
	if why == TimerNone {
		return time.Time{}, TimerNone
	}
	return c.start.Add(time.Duration(d)), why
}

// expire fires what is due. Several deadlines may have passed at once; they
// fire in the order of their times.
func (c *Conn) expire() {
	for !c.closed() {
		at, why := c.next()
		if why == TimerNone || at > c.now {
			return
		}
		c.fire(why)
	}
}

func (c *Conn) fire(t Timer) {
	switch t {
	case TimerPreface:
		c.disarm(t)
		c.fail(FaultPrefaceTimeout)
	case TimerHeaderBlock:
		c.disarm(t)
		c.fail(FaultHeaderBlockTimeout)
	case TimerSettingsAck:
		c.disarm(t)
		c.fail(FaultSettingsNotAcknowledged)
	case TimerIdle:
		c.disarm(t)
		c.beginShutdown(FaultIdle)
	case TimerShutdownNotice:
		c.disarm(t)
		c.finishShutdown()
	case TimerShutdown:
		c.disarm(t)
		c.fail(FaultShutdownTimeout)
	case TimerWrite:
		c.disarm(t)
		c.fail(FaultWriteStalled)
	case TimerKeepAlive:
		c.fireKeepAlive()
	case TimerKeepAliveReply:
		c.disarm(t)
		c.fail(FaultKeepAlive)
	case TimerSlim:
		c.disarm(t)
		c.slim()
	case TimerBodyIdle:
		s := c.timed[listWait].head
		if c.client {
			c.resetFor(s, FaultPushTimeout)
		} else {
			c.resetFor(s, FaultBodyIdle)
		}
	case TimerStall:
		c.fireStall(c.timed[listStall].head)
	case TimerTrickle:
		s := c.timed[listTrickle].head
		c.timed[listTrickle].remove(s)
		c.wake(s)
	}
}

// The stream timers: which intrusive list a stream waits in.
const (
	listWait = iota
	listStall
	listTrickle
	numLists
)

// streamList returns the list behind a timer, or -1.
func streamList(t Timer) int {
	if t >= TimerBodyIdle {
		return int(t - TimerBodyIdle)
	}
	return -1
}

// timerList orders streams by deadline. Every deadline of one list is the same
// time after it was set, so adding at the end keeps the order.
type timerList struct {
	which      int
	head, tail *stream
}

type timerLink struct {
	at         instant // unarmed when not in the list
	prev, next *stream
}

func (l *timerList) first() instant {
	if l.head == nil {
		return unarmed
	}
	return l.head.timers[l.which].at
}

// set moves the stream to the end of the list with a new deadline.
func (l *timerList) set(s *stream, at instant) {
	l.remove(s)
	if at == unarmed {
		return
	}
	k := &s.timers[l.which]
	k.at, k.prev = at, l.tail
	if l.tail == nil {
		l.head = s
	} else {
		l.tail.timers[l.which].next = s
	}
	l.tail = s
}

func (l *timerList) remove(s *stream) {
	k := &s.timers[l.which]
	if k.at == unarmed {
		return
	}
	if k.prev == nil {
		l.head = k.next
	} else {
		k.prev.timers[l.which].next = k.next
	}
	if k.next == nil {
		l.tail = k.prev
	} else {
		k.next.timers[l.which].prev = k.prev
	}
	*k = timerLink{at: unarmed}
}

// armed reports whether the stream is in the list.
func (l *timerList) armed(s *stream) bool { return s.timers[l.which].at != unarmed }
