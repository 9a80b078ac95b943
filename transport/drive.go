package transport

import (
	"sync"
	"sync/atomic"
	"time"

	"weft/core"
	"weft/internal/spare"
	"weft/internal/warm"
)

// Driver is an Endpoint around a core.Conn: the core, a lock, and one function
// that gets every event.
type Driver struct {
	// Now tells the time to Do; default time.Now. It is set before the Driver
	// is used.
	Now func() time.Time

	handle func(now time.Time, ev core.Event)
	flags  atomic.Uint32 // what Done, ReadPaused and Due answer
	wake   atomic.Pointer[func()]

	mu   sync.Mutex
	conn *core.Conn
}

const (
	flagDone = 1 << iota
	flagPaused
	flagDue
	flagResting
)

// Drive makes an Endpoint of c, which is the Driver's from then on. c should
// have been made with core.Config.ReportedWrites.
//
// handle is called for every event, within a turn and with the lock held: it
// may call any command of c, and none of the Driver's methods. ev is valid
// until it returns.
func Drive(c *core.Conn, handle func(now time.Time, ev core.Event)) *Driver {
	return &Driver{Now: time.Now, handle: handle, conn: c}
}

// Do runs f with the connection, alone, and then has the output written. It
// may be called from any goroutine, but neither by handle nor by f. f calls
// commands and getters; taking output, Next and what belongs to turns are the
// Driver's. Events that f causes are handled later, in a turn.
func (d *Driver) Do(f func(now time.Time, c *core.Conn)) {
	d.do(f)
	if wake := d.wake.Load(); wake != nil {
		(*wake)()
	}
}

func (d *Driver) do(f func(now time.Time, c *core.Conn)) {
	d.mu.Lock()
	defer d.unlock()
	f(d.Now(), d.conn)
}

// unlock publishes what can be asked without the lock.
func (d *Driver) unlock() {
	var flags uint32
	if d.conn.Closed() {
		flags = flagDone
	} else {
		if d.conn.ReadPaused() {
			flags |= flagPaused
		}
		if d.conn.Pending() {
			flags |= flagDue
		}
		if d.conn.Resting() {
			flags |= flagResting
		}
	}
	if flags != d.flags.Load() {
		d.flags.Store(flags)
	}
	d.mu.Unlock()
}

// report hands out what the connection has to report.
func (d *Driver) report(now time.Time) {
	for ev := d.conn.Next(); ev != nil; ev = d.conn.Next() {
		d.handle(now, ev)
	}
}

// Receive is part of Endpoint.
func (d *Driver) Receive(now time.Time, p []byte) {
	d.mu.Lock()
	defer d.unlock()
	if d.conn.WantsWorkspace() {
		d.conn.UseWorkspace(spare.Workspace())
	}
	d.conn.Receive(now, p)
	d.report(now)
}

// ReceiveEOF is part of Endpoint. When it returns, ConnClosed has been
// handled, whatever the cause.
func (d *Driver) ReceiveEOF(now time.Time, cause error) {
	d.mu.Lock()
	defer d.unlock()
	d.conn.ReceiveEOF(now)
	d.report(now)
	if !d.conn.Closed() { // it still waits for room to go on parsing
		d.conn.Close(now, core.Cancel, nil)
		d.report(now)
	}
}

// Advance is part of Endpoint.
func (d *Driver) Advance(now time.Time) {
	d.mu.Lock()
	defer d.unlock()
	d.conn.Advance(now)
	d.report(now)
}

// SwapOutput is part of Endpoint.
func (d *Driver) SwapOutput(storage []byte) []byte {
	d.mu.Lock()
	defer d.unlock()
	out := d.conn.SwapOutput(storage)
	d.giveBack()
	return out
}

// giveBack lets other connections have what this one parsed with, if it can do
// without.
func (d *Driver) giveBack() {
	if w := d.conn.SpareWorkspace(); w != nil {
		spare.Put(w)
	}
}

// Gather is part of Gatherer.
func (d *Driver) Gather() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn.TakePieces()
	return true
}

// SwapPieces is part of Gatherer.
func (d *Driver) SwapPieces(storage []byte) ([]byte, []core.Piece) {
	d.mu.Lock()
	defer d.unlock()
	out, pieces := d.conn.SwapPieces(storage)
	d.giveBack()
	return out, pieces
}

// Wrote is part of Endpoint.
func (d *Driver) Wrote(now time.Time, n int) {
	d.mu.Lock()
	defer d.unlock()
	d.conn.Wrote(now, n)
}

// NextDeadline is part of Endpoint.
func (d *Driver) NextDeadline() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, _ := d.conn.NextDeadline()
	return at
}

// ReadPaused is part of Endpoint.
func (d *Driver) ReadPaused() bool { return d.flags.Load()&flagPaused != 0 }

// Done is part of Endpoint: ConnClosed has been handled.
func (d *Driver) Done() bool { return d.flags.Load()&flagDone != 0 }

// Due is part of Waiter: there may be events to hand out.
func (d *Driver) Due() bool { return d.flags.Load()&flagDue != 0 }

// Resting is part of Rester.
func (d *Driver) Resting() bool { return d.flags.Load()&flagResting != 0 }

// InputAhead is part of Foreseer.
func (d *Driver) InputAhead() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn.InputAhead()
}

// OnWake is part of Endpoint.
func (d *Driver) OnWake(f func()) { d.wake.Store(&f) }

// Warm is part of Warmer.
func (d *Driver) Warm(step int) {
	switch {
	case step == 0:
		warm.Up(d)
	case step == 1:
		warm.Up(d.conn)
	case d.mu.TryLock():
		d.conn.Warm(step - 2)
		d.mu.Unlock()
	}
}
