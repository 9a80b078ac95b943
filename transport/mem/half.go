package mem

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// half is one direction of a pipe.
type half struct {
	mu   sync.Mutex
	cond sync.Cond
	buf  []byte // written and not read; buf[:off] is read
	off  int
	size int

	// What a Write and a Read (once the buffer is empty) answer for good; nil
	// while the direction is open.
	writeErr, readErr error

	readBy, writeBy due
}

// due is a deadline.
type due struct {
	passed bool
	timer  *time.Timer
}

func newHalf(size int) *half {
	h := &half{size: size}
	h.cond.L = &h.mu
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if err := h.readable(); err != nil || h.off < len(h.buf) || len(p) == 0 {
			return h.take(p), err
		}
		h.cond.Wait()
	}
}

// waitReadable waits until read does not have to.
func (h *half) waitReadable() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.off == len(h.buf) && h.readable() == nil {
		h.cond.Wait()
	}
	return h.readable()
}

// readable returns the error a read gets now, nil if it may have or wait for
// bytes.
func (h *half) readable() error {
	switch {
	case h.readErr != nil && (h.readErr != io.EOF || h.off == len(h.buf)):
		return h.readErr
	case h.readBy.passed:
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (h *half) take(p []byte) int {
	n := copy(p, h.buf[h.off:])
	h.off += n
	if h.off == len(h.buf) {
		h.buf, h.off = h.buf[:0], 0
		if cap(h.buf) > keepBuffer {
			h.buf = nil
		}
	}
	if n > 0 {
		h.cond.Broadcast()
	}
	return n
}

// keepBuffer is how large a buffer an idle direction keeps.
const keepBuffer = 4 << 10

// write writes what fits, if wait at least one byte.
func (h *half) write(p []byte, wait bool) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if h.writeErr != nil {
			return 0, h.writeErr
		}
		if h.writeBy.passed {
			return 0, os.ErrDeadlineExceeded
		}
		if n := min(len(p), h.size-(len(h.buf)-h.off)); n > 0 || len(p) == 0 || !wait {
			h.put(p[:n])
			return n, nil
		}
		h.cond.Wait()
	}
}

func (h *half) put(p []byte) {
	if h.off > 0 && len(h.buf)+len(p) > cap(h.buf) {
		h.buf = h.buf[:copy(h.buf, h.buf[h.off:])]
		h.off = 0
	}
	h.buf = append(h.buf, p...)
	if len(p) > 0 {
		h.cond.Broadcast()
	}
}

// endWriting is the writer's Close or CloseWrite; again is what writes answer
// from now on.
func (h *half) endWriting(again error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.cond.Broadcast()
	if h.writeErr == net.ErrClosed {
		return net.ErrClosed
	}
	h.writeErr = again
	if h.readErr == nil {
		h.readErr = io.EOF
	}
	return nil
}

// endReading is the reader's Close.
func (h *half) endReading() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readErr = net.ErrClosed
	if h.writeErr == nil {
		h.writeErr = syscall.EPIPE
	}
	h.buf, h.off = nil, 0
	h.cond.Broadcast()
}

func (h *half) reset(writeErr, readErr error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writeErr != net.ErrClosed {
		h.writeErr = writeErr
	}
	if h.readErr != net.ErrClosed {
		h.readErr = readErr
	}
	h.buf, h.off = nil, 0
	h.cond.Broadcast()
}

func (h *half) setDeadline(d *due, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	left := time.Until(t)
	d.passed = !t.IsZero() && left <= 0
	if !t.IsZero() && left > 0 {
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if d.timer == timer { // it was not changed meanwhile
				d.passed = true
				h.cond.Broadcast()
			}
		})
		d.timer = timer
	}
	h.cond.Broadcast()
}
