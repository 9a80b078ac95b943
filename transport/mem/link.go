package mem

import (
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"syscall"
	"time"

	"weft/transport"
)

// Epoch is when links begin, unless Options say otherwise.
var Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Options say how a Link behaves. The zero Options are a link that delivers
// everything at once and as it was written.
type Options struct {
	// Seed determines everything that is random.
	Seed uint64
	// Start is the time at the beginning; default Epoch.
	Start time.Time
	// Join puts the link on the clock of another one: both then run together,
	// whichever is told to. Start is not set then.
	Join *Link

	// Latency is how long a byte is under way, in each direction; default 0.
	Latency time.Duration
	// Jitter adds up to as much at random. Bytes never overtake each other.
	Jitter time.Duration
	// Bandwidth is in bytes per second, in each direction; 0: unlimited.
	Bandwidth int
	// Buffer bounds the bytes under way, in each direction, those included
	// that arrived while the receiver pauses; default 256 KiB, or twice what
	// Bandwidth and Latency keep under way if that is more.
	Buffer int
	// Cut delivers pieces of random size, 1 to Cut bytes; 0: as they come, up
	// to 64 KiB.
	Cut int
	// MaxWrite makes each write take a random 1 to MaxWrite bytes, and the
	// next one wait up to a millisecond; 0: a write takes what Buffer allows.
	MaxWrite int

	// Log gets a line for each thing that happens; default none.
	Log io.Writer
}

// Side names an end of a Link.
type Side int

// The first and the second endpoint of NewLink.
const (
	A Side = iota
	B
)

// String names the side, for logs.
func (s Side) String() string { return [...]string{"A", "B"}[s] }

// Link joins two endpoints: what one puts out the other receives. It plays the
// part of transport.Run for both of them, on virtual time, in the goroutine
// that calls its methods. Only that goroutine may use the link and the
// endpoints; an endpoint may be told what to do at any moment, also from a
// callback of the other one, and the link goes on from there when it runs.
type Link struct {
	clock *clock
	opts  Options
	rnd   *rand.Rand
	ends  [2]*end
	dirs  [2]*direction // by the side that sends
}

// check panics for what no link can do: it is a mistake of the test.
func (o *Options) check() {
	for _, x := range []struct {
		name string
		n    int64
	}{
		{"Latency", int64(o.Latency)}, {"Jitter", int64(o.Jitter)},
		{"Bandwidth", int64(o.Bandwidth)}, {"Buffer", int64(o.Buffer)}, {"Cut", int64(o.Cut)}, {"MaxWrite", int64(o.MaxWrite)},
	} {
		if x.n < 0 {
			panic(fmt.Sprintf("weft/mem: %s is %d, must be 0 or positive", x.name, x.n))
		}
	}
	if o.Join != nil && !o.Start.IsZero() {
		panic("weft/mem: Start is that of the link that Join names")
	}
}

// NewLink joins a and b. Nothing happens until the link is run. Options that make
// no sense are a panic.
func NewLink(a, b transport.Endpoint, opts Options) *Link {
	opts.check()
	l := &Link{opts: opts, rnd: rand.New(rand.NewPCG(opts.Seed, 0x77656674))}
	if opts.Join != nil {
		l.clock = opts.Join.clock
	} else {
		if opts.Start.IsZero() {
			opts.Start = Epoch
		}
		l.clock = &clock{start: opts.Start, now: opts.Start}
	}
	l.clock.links = append(l.clock.links, l)
	if l.opts.Buffer == 0 {
		underWay := float64(opts.Bandwidth) * (opts.Latency + opts.Jitter).Seconds()
		l.opts.Buffer = max(256<<10, 2*int(underWay))
	}
	for side, ep := range []transport.Endpoint{a, b} {
		e := &end{link: l, side: Side(side), ep: ep}
		e.dirty.Store(true)
		e.waiter, _ = ep.(transport.Waiter)
		if s, ok := ep.(transport.Survivor); ok {
			e.survives = true
			s.TurnsGoOn()
		}
		ep.OnWake(func() { e.dirty.Store(true) })
		l.ends[side] = e
		l.dirs[side] = &direction{link: l, from: Side(side), resetAt: -1, stallAt: -1}
	}
	return l
}

// Now returns the virtual time.
func (l *Link) Now() time.Time { return l.clock.now }

// Elapsed returns the virtual time since the start.
func (l *Link) Elapsed() time.Duration { return l.clock.now.Sub(l.clock.start) }

// Sent returns how many bytes the given side has written so far.
func (l *Link) Sent(from Side) int64 { return l.dirs[from].sent }

// Closed reports whether both endpoints had their last turn.
func (l *Link) Closed() bool { return l.ends[A].over && l.ends[B].over }

// Stall keeps everything a side sends from arriving for d.
func (l *Link) Stall(from Side, d time.Duration) { l.dirs[from].stall(d) }

// StallAt does so once the side has written n bytes.
func (l *Link) StallAt(from Side, n int64, d time.Duration) {
	l.dirs[from].stallAt, l.dirs[from].stallFor = n, d
}

// Reset breaks the link: what is under way is lost, and both endpoints have
// their last turn with a *transport.CloseError of kind CloseReset whose Err is
// syscall.ECONNRESET.
func (l *Link) Reset() {
	l.logf("reset")
	for side := range l.ends {
		l.dirs[side].drop()
		l.ends[side].breakOff = &transport.CloseError{Kind: transport.CloseReset, Err: syscall.ECONNRESET}
	}
}

// ResetAt does so once the side has written n bytes.
func (l *Link) ResetAt(from Side, n int64) { l.dirs[from].resetAt = n }

// CloseWrite cuts the output of one side off: the other one receives what was
// written, and then the end of input.
func (l *Link) CloseWrite(from Side) { l.dirs[from].endOutput() }

// After calls f once d has passed. f may do anything but run the link.
func (l *Link) After(d time.Duration, f func()) { l.clock.after(d, f) }

func (l *Link) logf(format string, args ...any) {
	if l.opts.Log != nil {
		fmt.Fprintf(l.opts.Log, "%v %s\n", l.Elapsed(), fmt.Sprintf(format, args...))
	}
}

// logBytes logs a piece so that two logs differ if the bytes do.
func (l *Link) logBytes(what string, p []byte) {
	if l.opts.Log != nil {
		l.logf("%s %d %08x", what, len(p), crc32.ChecksumIEEE(p))
	}
}
