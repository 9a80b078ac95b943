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
	stop  func() bool        // ends watching
	conns map[*conn]struct{} // guarded by Loops.mu
}

// join has c canceled when ctx is done, at once if it is.
func (l *Loops) join(c *conn, ctx context.Context) {
	l.mu.Lock()
	shared := reflect.ValueOf(ctx).Comparable()
	var g *group
	if shared {
		g = l.groups[ctx]
	}
	if g == nil {
		g = &group{loops: l, ctx: ctx, conns: make(map[*conn]struct{})}
		g.stop = context.AfterFunc(ctx, g.cancel)
		if shared {
			l.groups[ctx] = g
		}
	}
	g.conns[c] = struct{}{}
	c.group = g
	l.mu.Unlock()
	if ctx.Err() != nil {
		c.cancel() // the others may have been told before
	}
}

// leave undoes join.
func (g *group) leave(c *conn) {
	g.loops.mu.Lock()
	defer g.loops.mu.Unlock()
	if delete(g.conns, c); len(g.conns) > 0 {
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
	for c := range g.conns {
		c.cancel()
	}
}
