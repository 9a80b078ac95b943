package mem

import "time"

const (
	// maxPiece is the most that is received at once.
	maxPiece = 64 << 10
	// maxSegment is the most that arrives together where bandwidth matters.
	maxSegment = 16 << 10
)

// direction is what one side sends the other.
type direction struct {
	link *Link
	from Side

	buf      []byte // under way; buf[:off] has been received
	off      int
	segments []segment // of buf[off:], in order
	freeAt   time.Time // when the last byte accepted has left
	latest   time.Time // when it arrives
	sent     int64     // bytes accepted in all

	ended bool // no more is accepted; the end of input follows the bytes
	eofAt time.Time
	told  bool // the end of input has arrived, or does not matter any more
	dead  bool // what is sent is lost

	stalled  time.Time // nothing arrives before
	resetAt  int64     // bytes sent after which the link is reset, -1 never
	stallAt  int64     // likewise
	stallFor time.Duration
}

// segment is bytes that arrive together.
type segment struct {
	n  int
	at time.Time
}

func (d *direction) to() *end { return d.link.ends[1-d.from] }

// room returns how much can be accepted. What is lost takes no room.
func (d *direction) room() int {
	if d.dead || d.ended {
		return maxPiece
	}
	return d.link.opts.Buffer - (len(d.buf) - d.off)
}

// accept takes bytes that were written.
func (d *direction) accept(p []byte) {
	d.link.logBytes(d.from.String()+" writes", p)
	d.sent += int64(len(p))
	if !d.dead && !d.ended {
		if d.off > 0 && len(d.buf)+len(p) > cap(d.buf) {
			d.buf = d.buf[:copy(d.buf, d.buf[d.off:])]
			d.off = 0
		}
		d.buf = append(d.buf, p...)
		d.dispatch(len(p))
	}
	if d.stallAt >= 0 && d.sent >= d.stallAt {
		d.stallAt = -1
		d.stall(d.stallFor)
	}
	if d.resetAt >= 0 && d.sent >= d.resetAt {
		d.resetAt = -1
		d.link.Reset()
	}
}

// dispatch decides when n more bytes arrive.
func (d *direction) dispatch(n int) {
	bandwidth := d.link.opts.Bandwidth
	for n > 0 {
		m := n
		leaves := d.link.clock.now
		if bandwidth > 0 {
			m = min(n, maxSegment)
			if d.freeAt.After(leaves) {
				leaves = d.freeAt
			}
			leaves = leaves.Add(time.Duration(float64(m) / float64(bandwidth) * float64(time.Second)))
			d.freeAt = leaves
		}
		d.segments = append(d.segments, segment{m, d.arrives(leaves)})
		n -= m
	}
}

// arrives returns when that arrives which leaves at the given time.
func (d *direction) arrives(leaves time.Time) time.Time {
	at := leaves.Add(d.link.opts.Latency)
	if j := d.link.opts.Jitter; j > 0 {
		at = at.Add(time.Duration(d.link.rnd.Int64N(int64(j) + 1)))
	}
	if at.Before(d.latest) {
		at = d.latest
	}
	d.latest = at
	return at
}

// endOutput makes the end of input follow what is under way.
func (d *direction) endOutput() {
	if d.ended {
		return
	}
	d.ended = true
	leaves := d.link.clock.now
	if d.freeAt.After(leaves) {
		leaves = d.freeAt
	}
	d.eofAt = d.arrives(leaves)
}

// drop loses what is under way, and all that is written later.
func (d *direction) drop() {
	d.dead, d.told = true, true
	d.buf, d.off, d.segments = nil, 0, nil
}

func (d *direction) stall(dur time.Duration) {
	d.link.logf("%v stalls %v", d.from, dur)
	if until := d.link.clock.now.Add(dur); until.After(d.stalled) {
		d.stalled = until
	}
}

// busy reports whether something is under way.
func (d *direction) busy() bool { return d.off < len(d.buf) || d.ended && !d.told }

// arrival returns when the next bytes, or the end of input, can be received;
// zero if not by the passing of time alone.
func (d *direction) arrival() time.Time {
	var at time.Time
	switch {
	case d.told && d.off == len(d.buf), d.to().paused():
		return time.Time{}
	case len(d.segments) > 0:
		at = d.segments[0].at
	case d.ended:
		at = d.eofAt
	default:
		return time.Time{}
	}
	if at.Before(d.stalled) {
		at = d.stalled
	}
	return at
}

// deliver has the receiver take what has arrived, one piece of it.
func (d *direction) deliver() {
	now := d.link.clock.now
	have := 0
	for _, s := range d.segments {
		if s.at.After(now) {
			break
		}
		have += s.n
	}
	if have == 0 {
		d.told = true
		d.link.logf("%v>%v end of input", d.from, 1-d.from)
		d.to().eof = true
		return
	}
	n := min(have, maxPiece)
	if cut := d.link.opts.Cut; cut > 0 {
		n = min(n, 1+d.link.rnd.IntN(cut))
	}
	piece := d.buf[d.off : d.off+n : d.off+n]
	d.link.logBytes(d.from.String()+">"+(1-d.from).String(), piece)
	d.forget(n)
	d.to().receive(piece)
}

// forget takes n bytes off the front. Their storage stays until the next
// accept.
func (d *direction) forget(n int) {
	d.off += n
	for n > 0 {
		m := min(n, d.segments[0].n)
		d.segments[0].n -= m
		n -= m
		if d.segments[0].n == 0 {
			d.segments = d.segments[1:]
		}
	}
	if d.off == len(d.buf) {
		d.buf, d.off = d.buf[:0], 0
	}
}
