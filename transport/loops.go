package transport

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"weft/transport/internal/ready"
)

// Loops pump connections as Start does, but those that say little at a time have
// no goroutine: a few event loops, at most one for each processor, wait for all of
// them and run their turns, one after another. A turn then costs no goroutine
// that wakes, no read that finds nothing, and no stack that has left the cache.
// The zero Loops are ready for use; their methods may be called from any
// goroutine.
//
// A connection leaves its loop, and gets a goroutine as with Start, while it says
// much at a time or writes in bulk, when its peer does not take what is written,
// and where callbacks take their time: a turn of more than one or two ms loses the
// loop to another goroutine, which goes on with the other connections. So an
// endpoint that blocks holds up others for no longer than that.
//
// Loops are for TCP and Unix sockets, and TLS over them, on Linux. Everything else
// is left to Start. A loop ends with its last connection.
//
// What Loops pump must not be closed by anybody else: where Run and Start would
// notice at once, a loop notices when it has something to write, or by a deadline
// of the endpoint's. Read deadlines of the connection are not looked at, and lost;
// a write deadline counts only where a write has to wait.
type Loops struct {
	mu    sync.Mutex
	loops []*loop
}

// Start pumps conn through ep, and returns without waiting for the end. ended is
// called once, with what Run would return, when all that Run's return stands for
// is true; nil if nobody wants to know. It may be called from any goroutine.
func (ls *Loops) Start(ctx context.Context, conn io.ReadWriteCloser, ep Endpoint, opts Options, ended func(error)) {
	p := newPump(wireOf(conn), ep, opts.withDefaults())
	p.ended = ended
	if w, ok := p.wire.(loopWire); ok {
		if l := ls.pick(); l != nil {
			p.seat = l.seat(p, w)
		}
	}
	p.start(ctx)
}

// Blocker is an Endpoint that knows whether its turns may take their time, or wait.
type Blocker interface {
	Endpoint
	// MayBlock reports whether the next turn may. Loops then leave the connection
	// to a goroutine of its own. It may be called from any goroutine.
	MayBlock() bool
}

// pick returns the loop with the fewest connections, which is one more from now
// on; nil if there are no loops on this system.
func (ls *Loops) pick() *loop {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	var best *loop
	for _, l := range ls.loops {
		if best == nil || l.members < best.members {
			best = l
		}
	}
	if best == nil || best.members >= enough && len(ls.loops) < runtime.GOMAXPROCS(0) {
		if l, err := newLoop(ls); err == nil {
			ls.loops = append(ls.loops, l)
			best = l
		} else if errors.Is(err, ready.ErrUnsupported) {
			return nil
		}
	}
	if best != nil {
		best.members++
	}
	return best
}

// leave is the end of one connection of a loop.
func (ls *Loops) leave(l *loop) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l.members--; l.members > 0 {
		return
	}
	for i := range ls.loops {
		if ls.loops[i] == l {
			last := len(ls.loops) - 1
			ls.loops[i], ls.loops[last] = ls.loops[last], nil
			ls.loops = ls.loops[:last]
			break
		}
	}
	l.over.Store(true)
	l.set.Ring()
}

// A loop waits for its connections, and runs the turns of those that are ready.
// One goroutine at a time has it, the runner.
type loop struct {
	of      *Loops
	members int // guarded by of.mu
	over    atomic.Bool
	set     *ready.Set

	mu     sync.Mutex
	places []place
	free   []int32 // of places

	// Of the runner.
	events  []ready.Event
	batch   []call
	next    int       // of batch
	turns   int       // since others had theirs
	careful bool      // turns take their time: leave them to goroutines
	until   time.Time // likewise, until when

	// The clock (loop_clock.go). turn is odd during a turn.
	turn    atomic.Uint64
	ticking atomic.Bool
	clock   *time.Timer
	seen    uint64
}

// place is where a connection sits.
type place struct {
	p   *pump
	s   *seat // p's
	gen int32 // of how many at this place it is
}

// call is a connection that is ready.
type call struct {
	p    *pump
	last bool
}

// enough is how many connections a loop has before another loop begins: the more
// are ready at a time, the less each costs.
const enough = 32

// yieldAfter is how many turns a loop runs, with no end of them, before
// everything else in the process gets its turn.
const yieldAfter = 256

func newLoop(of *Loops) (*loop, error) {
	set, err := ready.New()
	if err != nil {
		return nil, err
	}
	l := &loop{of: of, set: set}
	l.clock = time.AfterFunc(time.Hour, l.look)
	l.clock.Stop()
	go l.run()
	return l, nil
}

// seat gives the pump a place.
func (l *loop) seat(p *pump, w loopWire) *seat {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &seat{loop: l, wire: w}
	s.blocker, _ = p.ep.(Blocker)
	s.warmer, _ = p.ep.(Warmer)
	if n := len(l.free) - 1; n >= 0 {
		s.slot = l.free[n]
		l.free = l.free[:n]
	} else {
		s.slot = int32(len(l.places))
		l.places = append(l.places, place{})
	}
	at := &l.places[s.slot]
	at.p = p
	at.s = s
	at.gen++
	s.gen = at.gen
	return s
}

// run is the life of a runner.
func (l *loop) run() {
	var turn uint64
	defer func() {
		// A callback has ended this goroutine (runtime.Goexit): the others go on.
		if turn&1 == 1 && l.turn.CompareAndSwap(turn, turn+1) {
			go l.run()
		}
	}()
	for {
		for l.next < len(l.batch) {
			c := l.batch[l.next]
			l.batch[l.next].p = nil
			l.next++
			if l.careful {
				n, err := c.p.seat.wire.Poll()
				if c.p.awaited = n > 0 || err != nil; c.p.awaited || !c.p.seat.sitDown() {
					go c.p.goOnAlone()
				}
				continue
			}
			l.turns++
			only := len(l.batch) == 1
			turn = l.turn.Load() | 1
			l.turn.Store(turn) // from now on the loop may be somebody else's
			stays := c.p.serve(c.last, only)
			if !l.turn.CompareAndSwap(turn, turn+1) { // somebody else has the loop meanwhile
				turn = 0
				c.p.goOnAlone()
				return
			}
			turn = 0
			if !stays || !c.p.seat.sitDown() {
				go c.p.goOnAlone()
			}
		}
		if !l.fetch() {
			return
		}
	}
}

// fetch waits for connections that are ready. It reports false if the loop is
// over.
func (l *loop) fetch() bool {
	clear(l.batch)
	l.batch, l.next = l.batch[:0], 0
	yield := l.turns >= yieldAfter
	if yield {
		l.turns = 0
	}
	l.events = l.set.Wait(l.events[:0], yield)
	if l.over.Load() {
		// Who has set over rings after that. A bell that is closed by then may
		// be the descriptor of something else.
		l.of.mu.Lock()
		l.set.Close()
		l.of.mu.Unlock()
		l.clock.Stop()
		return false
	}
	l.mu.Lock()
	many := len(l.places)-len(l.free) >= warmFrom
	if many {
		l.warmPumps()
	}
	for _, ev := range l.events {
		if s := l.places[ev.Slot]; s.p != nil && s.gen == ev.Gen && s.p.seat.standUp() {
			l.batch = append(l.batch, call{s.p, ev.Last})
		}
	}
	l.mu.Unlock()
	if many {
		l.warmBatch()
	}
	if l.careful = !l.until.IsZero() && time.Now().Before(l.until); !l.careful {
		l.until = time.Time{}
	}
	if len(l.batch) > 0 {
		l.startClock()
	}
	return true
}
