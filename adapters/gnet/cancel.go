//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"reflect"
)

// group is the connections of one context, such as those of a server. Watching
// it costs more than most of what an idle connection has, so it is done once for
// all of them.
type group struct {
	loops *Loops
	ctx   context.Context
	stop  func() bool // ends watching
	first *conn       // of those linked by next and prev, guarded by Loops.mu
}

// join has c canceled when ctx is done, at once if it is.
func (l *Loops) join(c *conn, ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shared := reflect.ValueOf(ctx).Comparable()
	var g *group
	if shared {
		g = l.groups[ctx]
	}
	if g == nil {
		g = &group{loops: l, ctx: ctx}
		g.stop = context.AfterFunc(ctx, g.cancel)
		if shared {
			l.groups[ctx] = g
		}
	}
	if c.next = g.first; c.next != nil {
		c.next.prev = c
	}
	g.first, c.group = c, g
	if ctx.Err() != nil {
		c.cancel() // the others may have been told before
	}
}

// cancel is called with Loops.mu held.
func (c *conn) cancel() {
	c.raise(canceled)
	if c.loop != nil { // else open sees to it
		c.loop.post(c)
	}
}

// leave undoes join.
func (g *group) leave(c *conn) {
	g.loops.mu.Lock()
	defer g.loops.mu.Unlock()
	if c.next != nil {
		c.next.prev = c.prev
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		g.first = c.next
	}
	c.prev, c.next = nil, nil
	if g.first != nil {
		return
	}
	g.stop()
	if reflect.ValueOf(g.ctx).Comparable() && g.loops.groups[g.ctx] == g {
		delete(g.loops.groups, g.ctx)
	}
}

// cancel is what watches the context.
func (g *group) cancel() {
	g.loops.mu.Lock()
	defer g.loops.mu.Unlock()
	for c := g.first; c != nil; c = c.next {
		c.cancel()
	}
}
