package transport

import (
	"sync"
	"time"
)

// Who sends a large body over a fast network wakes its reader for each piece, and
// a wake-up costs both sides as much as copying some ten KB. So while much comes,
// and as much more is sure to, a reader that has to wait does so until enough is
// there for it to be worth its while. A clock sees to it that a sender which stops
// is not waited for: within two ticks what there is is read.

// Foreseer is an Endpoint that knows what input is to come.
type Foreseer interface {
	Endpoint
	// InputAhead returns how many bytes, at least, the peer may be expected to send
	// without hearing from this side first; 0 if that is not known. It may be
	// called from any goroutine, and is called before reads.
	InputAhead() int
}

// patientWire is a Wire that can wait for more than a byte.
type patientWire interface {
	leanWire
	// AtLeast has reads that wait do so until n bytes are there, or the end, or as
	// much as there is room for; 1 is what it is without. It reports false where
	// that can't be had. It may be called from any goroutine.
	AtLeast(n int) bool
}

const (
	// heavyRead is from how many bytes on a read is one of many bytes, and
	// heavyReads how many of those in a row make a reader patient.
	heavyRead  = 16 << 10
	heavyReads = 8

	// mostAwaited bounds what is waited for: two full reads. What is not part of
	// the body may wait behind it.
	mostAwaited = 128 << 10

	// patienceTick is after how long without a read patience is at an end, or up to
	// twice that; and for restless nobody is patient then, so that what it may have
	// cost stays below two per cent of the time.
	patienceTick = time.Millisecond
	restless     = 100 * time.Millisecond
)

// patience is what a pump has of this once much has come.
type patience struct {
	wire  patientWire
	ahead Foreseer

	// Of the reader.
	heavy int // reads in a row, up to heavyReads

	mu    sync.Mutex
	level int         // what reads wait for, at least
	reads int         // while level is above 1
	seen  int         // of those, by the clock
	clock *time.Timer // runs while level is above 1
	until time.Time   // no patience before
}

// noteRead counts a read of n bytes.
func (p *pump) noteRead(n int) {
	q := p.patience
	switch {
	case n >= heavyRead && q == nil:
		w, ok := p.wire.(patientWire)
		ahead, knows := p.ep.(Foreseer)
		if ok && knows {
			p.patience = &patience{wire: w, ahead: ahead, level: 1}
		}
	case n >= heavyRead:
		q.heavy = min(q.heavy+1, heavyReads)
	case q != nil && q.heavy < heavyReads:
		q.heavy = 0
	}
}

// beforeRead decides how much the next read waits for.
func (p *pump) beforeRead() {
	if q := p.patience; q != nil && q.heavy == heavyReads && !q.await(q.ahead.InputAhead()) {
		q.heavy = 0
	}
}

// impatient has the next read wait for anything: of a reader that makes way.
func (p *pump) impatient() {
	if p.patience != nil {
		p.patience.await(0)
		p.patience = nil
	}
}

// await has reads wait for as much as is worth it if so many bytes are to come, in
// steps of a power of two, so that few calls tell the kernel. It reports false if
// there is to be no patience for a while.
func (q *patience) await(ahead int) bool {
	level := 1
	for n := mostAwaited; n >= heavyRead; n /= 2 {
		if ahead >= n {
			level = n
			break
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reads++
	if level == q.level {
		return true
	}
	if q.level == 1 {
		if !q.until.IsZero() && time.Now().Before(q.until) {
			return false
		}
		q.startClock()
	}
	if !q.wire.AtLeast(level) {
		q.until = time.Now().Add(time.Hour) // not with this socket
		level = 1
	}
	q.level = level
	return level > 1 || ahead < heavyRead
}

func (q *patience) startClock() {
	q.seen = q.reads
	if q.clock == nil {
		q.clock = time.AfterFunc(patienceTick, q.tick)
	} else {
		q.clock.Reset(patienceTick)
	}
}

// tick ends a patience that was in vain.
func (q *patience) tick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.level == 1 {
		return
	}
	if q.reads != q.seen {
		q.startClock()
		return
	}
	q.level = 1
	q.until = time.Now().Add(restless)
	q.wire.AtLeast(1)
	q.wire.Interrupt() // not every kernel looks again by itself
}
