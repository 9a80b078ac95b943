//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"container/heap"
	"math"
	"time"
)

// moment is a time in nanoseconds since this package was loaded: a third of the
// size of a time.Time. Connections may have clocks of their own.
type moment int64

const never moment = math.MaxInt64

var loaded = time.Now()

// momentOf returns never for the zero time.
func momentOf(t time.Time) moment {
	if t.IsZero() {
		return never
	}
	return moment(t.Sub(loaded))
}

func (m moment) after(d time.Duration) moment { return m + moment(d) }

// deadlines is a heap of connections by the time they want to be looked at.
// Those that wait for nothing are not in it.
type deadlines []*conn

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at < d[j].at }
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = int32(i+1), int32(j+1)
}

func (d *deadlines) Push(x any) {
	c := x.(*conn)
	*d = append(*d, c)
	c.place = int32(len(*d))
}

func (d *deadlines) Pop() any {
	n := len(*d)
	c := (*d)[n-1]
	(*d)[n-1] = nil
	*d = (*d)[:n-1]
	c.place = 0
	return c
}

// arm sees to it that c is looked at at the given time or before. A deadline only moves to an earlier time: one that turns out to be
// too early is looked at in vain, which costs less than moving it whenever
// something happens.
func (l *loop) arm(c *conn, now, at moment) {
	switch {
	case at == never || c.place > 0 && at >= c.at:
		return
	case c.place > 0:
		c.at = at
		heap.Fix(&l.deadlines, int(c.place)-1)
	default:
		c.at = at
		heap.Push(&l.deadlines, c)
	}
	if c.place == 1 {
		l.set(now, at)
	}
}

// disarm forgets the deadline of c.
func (l *loop) disarm(c *conn) {
	if c.place > 0 {
		heap.Remove(&l.deadlines, int(c.place)-1)
	}
}

// minWait is how long a timer runs at least: of thousands of connections whose
// deadlines are close together not each is to have a call of its own.
const minWait = time.Millisecond

// set has the timer fire at the given time or before, or after minWait.
func (l *loop) set(now, at moment) {
	at = max(at, now.after(minWait))
	switch wait := time.Duration(at - now); {
	case at >= l.armed:
		return
	case l.timer == nil:
		l.timer = time.AfterFunc(wait, l.tick)
	default:
		l.timer.Reset(wait)
	}
	l.armed = at
}

// expire looks at the connections whose time has come, each once.
func (l *loop) expire() {
	for n := len(l.deadlines); n > 0 && len(l.deadlines) > 0; n-- {
		c := l.deadlines[0]
		now := c.now()
		if at := momentOf(now); at < c.at {
			if at < l.armed && l.armed != never {
				return
			}
			break
		}
		heap.Pop(&l.deadlines)
		c.attend(now)
	}
	l.armed = never
	if len(l.deadlines) > 0 {
		c := l.deadlines[0]
		l.set(momentOf(c.now()), c.at)
	}
}
