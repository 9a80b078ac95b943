package inspector

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// Options say how a Log prints. The zero Options work.
type Options struct {
	// Start is the time that is printed as 0. The zero Time means that of
	// the first bytes.
	Start time.Time
	// Prefix is printed before the first line of every frame, to tell the
	// connections of one log apart.
	Prefix string
	// ShowSensitive prints the values of sensitive fields as they are:
	// cookies, credentials, and fields sent as never indexed.
	ShowSensitive bool
	// MaxPayload bounds the payload, in bytes, of the frames whose content is
	// printed; of a longer one only the first line is. It should not be below
	// the SETTINGS_MAX_FRAME_SIZE of either side: after a field block that is
	// longer, fields are no longer shown. It also bounds names and values of
	// fields. 0 means 64 KiB; negative is a panic.
	MaxPayload int
}

const (
	defaultMaxPayload = 64 << 10
	flushSize         = 32 << 10 // of text, after which it is written
)

// A Log prints the frames of one connection. Received and Sent may be called
// at the same time, each from one goroutine: the bytes of a direction must
// come in order. The lines of a frame stay together.
type Log struct {
	mu         sync.Mutex
	w          io.Writer
	opts       Options
	start      time.Time
	text       text
	recv, send direction
}

// New returns a Log that prints to w, which it calls from Received and Sent
// only, with one Write for all frames that ended in their bytes (or several, if
// the text is long), each time with whole lines. Errors of w are dropped: a log
// must not end a connection. The Log does not close w.
func New(w io.Writer, opts Options) *Log {
	if w == nil {
		panic("inspector: the writer is nil")
	}
	if opts.MaxPayload < 0 {
		panic(fmt.Sprintf("inspector: MaxPayload is %d, must be 0 for the default or positive", opts.MaxPayload))
	}
	if opts.MaxPayload == 0 {
		opts.MaxPayload = defaultMaxPayload
	}
	l := &Log{w: w, opts: opts, start: opts.Start}
	l.text.showSensitive = opts.ShowSensitive
	l.recv.init("recv", &l.text, opts.MaxPayload)
	l.send.init("send", &l.text, opts.MaxPayload)
	return l
}

// Received takes bytes that came from the peer, at the time now. It keeps no
// reference to p. A frame is printed, with that time, when its last byte came.
func (l *Log) Received(now time.Time, p []byte) { l.feed(now, p, &l.recv) }

// Sent takes bytes that went to the peer, as Received does. Handed in before
// they are written, they stand in the log before the peer's answer.
func (l *Log) Sent(now time.Time, p []byte) { l.feed(now, p, &l.send) }

func (l *Log) feed(now time.Time, p []byte, d *direction) {
	if len(p) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.start.IsZero() {
		l.start = now
	}
	l.text.lead = appendLead(l.text.lead[:0], l.opts.Prefix, max(0, now.Sub(l.start)), d.word)
	for len(p) > 0 {
		p = d.take(p)
		if len(l.text.b) > flushSize {
			l.flush()
		}
	}
	l.flush()
}

func (l *Log) flush() {
	if len(l.text.b) == 0 {
		return
	}
	l.w.Write(l.text.b)
	l.text.b = l.text.b[:0]
	if cap(l.text.b) > 4*flushSize {
		l.text.b = nil
	}
}

// appendLead appends what the first line of a frame begins with:
// "[  0.012] recv ".
func appendLead(dst []byte, prefix string, since time.Duration, word string) []byte {
	dst = append(dst, prefix...)
	dst = append(dst, '[')
	// Seconds with three digits after the point, seven wide.
	ms := since.Milliseconds()
	s := strconv.FormatInt(ms/1000, 10)
	for range 3 - len(s) {
		dst = append(dst, ' ')
	}
	dst = append(dst, s...)
	dst = append(dst, '.', byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10))
	dst = append(dst, "] "...)
	dst = append(dst, word...)
	return append(dst, ' ')
}
