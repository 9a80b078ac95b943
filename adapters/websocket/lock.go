package websocket

import "context"

// A lock is a mutex that can be waited for no longer than a context lasts.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) lock(ctx context.Context) error {
	if l.tryLock() {
		return nil
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l lock) tryLock() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l lock) unlock() { <-l }

// lockWriting locks what writes messages. Who has the lock may do so for as long
// as it likes: so whoever waits for it is told when the connection is over.
func (c *Conn) lockWriting(ctx context.Context) error {
	if c.writing.tryLock() {
		return nil
	}
	select {
	case c.writing <- struct{}{}:
		return nil
	case <-c.done:
		return c.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lockReading locks what reads messages. Close may have the lock for as long as
// the peer takes to answer: who waits for it then is not to read any more.
func (c *Conn) lockReading(ctx context.Context) error {
	if c.reading.tryLock() {
		return nil
	}
	select {
	case c.reading <- struct{}{}:
		return nil
	case <-c.leaving:
		if err := c.ended(); err != nil {
			return err
		}
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
