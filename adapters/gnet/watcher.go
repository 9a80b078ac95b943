//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"sync"

	"github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/queue"
)

// watcher tells when sockets that were full can be written to again. gnet's
// loops don't tell, for they would have all output handed to them, as much as
// there is. It has a poller and a goroutine of its own, one for all loops, from
// the first socket on that is full.
type watcher struct {
	mu     sync.Mutex
	poller *netpoll.Poller // nil: not needed so far
	conns  map[int32]*conn // that wait, by descriptor
	ended  chan struct{}   // closed when the goroutine has ended
	over   bool
}

// add has c told, once, when its descriptor can be written to; at once if it
// can be now.
func (w *watcher) add(c *conn) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return errors.ErrEngineInShutdown
	}
	if w.conns[c.fd] == c {
		return nil
	}
	if w.poller == nil {
		p, err := netpoll.OpenPoller()
		if err != nil {
			return err
		}
		w.poller = p
		go func() {
			defer close(w.ended)
			p.Polling(w.ready)
		}()
	}
	w.conns[c.fd] = c
	err := w.poller.AddWrite(&netpoll.PollAttachment{FD: int(c.fd), Callback: w.ready}, true)
	if err != nil {
		delete(w.conns, c.fd)
	}
	return err
}

// drop forgets c, whose descriptor may be closed then. It may be told all the
// same: it is on the way.
func (w *watcher) drop(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns[c.fd] == c {
		delete(w.conns, c.fd)
		w.poller.Delete(int(c.fd))
	}
}

func (w *watcher) ready(fd int, _ netpoll.IOEvent, _ netpoll.IOFlags) error {
	w.mu.Lock()
	c := w.conns[int32(fd)]
	if c != nil {
		delete(w.conns, int32(fd))
		w.poller.Delete(fd)
	}
	w.mu.Unlock()
	if c != nil {
		c.raise(writable)
		c.loop.post(c)
	}
	return nil
}

func (w *watcher) stop() {
	w.mu.Lock()
	w.over = true
	p := w.poller
	w.mu.Unlock()
	if p == nil {
		return
	}
	p.Trigger(queue.HighPriority, func(any) error { return errors.ErrEngineShutdown }, nil)
	<-w.ended
	w.mu.Lock()
	defer w.mu.Unlock()
	p.Close()
	clear(w.conns)
}
