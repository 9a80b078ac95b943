//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"container/heap"
	"time"
)

// deadlines is a heap of connections by the time they want to be looked at.
// Those that wait for nothing are not in it.
type deadlines []*conn

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i+1, j+1
}

func (d *deadlines) Push(x any) {
	c := x.(*conn)
	*d = append(*d, c)
	c.place = len(*d)
}

func (d *deadlines) Pop() any {
	n := len(*d)
	c := (*d)[n-1]
	(*d)[n-1] = nil
	*d = (*d)[:n-1]
	c.place = 0
	return c
}

// arm sees to it that c is looked at at the given time or before; the zero time
// is never. A deadline only moves to an earlier time: one that turns out to be
// too early is looked at in vain, which costs less than moving it whenever
// something happens.
func (l *loop) arm(c *conn, now, at time.Time) {
	switch {
	case at.IsZero() || c.place > 0 && !at.Before(c.at):
		return
	case c.place > 0:
		c.at = at
		heap.Fix(&l.deadlines, c.place-1)
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
		heap.Remove(&l.deadlines, c.place-1)
	}
}

// set has the timer fire at the given time or before.
func (l *loop) set(now, at time.Time) {
	switch {
	case !l.armed.IsZero() && !at.Before(l.armed):
		return
	case l.timer == nil:
		l.timer = time.AfterFunc(at.Sub(now), l.tick)
	default:
		l.timer.Reset(at.Sub(now))
	}
	l.armed = at
}

// expire looks at the connections whose time has come, each once.
func (l *loop) expire() {
	for n := len(l.deadlines); n > 0 && len(l.deadlines) > 0; n-- {
		c := l.deadlines[0]
		now := c.opts.Now()
		if now.Before(c.at) {
			if !l.armed.IsZero() && now.Before(l.armed) {
				return
			}
			break
		}
		heap.Pop(&l.deadlines)
		c.attend(now)
	}
	l.armed = time.Time{}
	if len(l.deadlines) > 0 {
		c := l.deadlines[0]
		l.set(c.opts.Now(), c.at)
	}
}
