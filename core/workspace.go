package core

// A Workspace is what a connection needs while it parses: the event records, the
// fields of a header block, the record of a stream. A connection makes one when
// it needs it and drops it when it has had no stream for a second. For one that
// makes a single request that is most of what it leaves to the collector, so
// whoever drives many connections may have them use one in turn:
//
//	if c.WantsWorkspace() {
//		c.UseWorkspace(w)
//	}
//	c.Receive(now, p)
//	… Next, until it returns nil; AppendOutput or SwapOutput …
//	w = c.SpareWorkspace() // nil: it keeps it
//
// The zero Workspace is ready for use. One belongs to one Conn at a time.
type Workspace struct {
	block       block
	decodeCache *decodeCache // nil until it keeps anything
	fieldBuf    []Field
	recall      recall
	same        uint64 // the fields, as bits, that stood there in the block before
	plain       uint64 // and those of it that need no second look (message.check)
	got         decoded
	ev          events
	lastEnd     endFrame // push.go

	lent   bool    // by UseWorkspace
	record *stream // not in use

	// Attached is what whoever lends the Workspace lends with it: a Conn does not
	// look at it.
	Attached any
}

// busy is the name under which a Conn has it. An idle one has none (slim); Next
// makes it before it does anything.
type busy = Workspace

// maxSpareFields is how many fields, and settings, a Workspace keeps room for when
// it is nobody's.
const maxSpareFields = 32

// WantsWorkspace reports whether the connection has no Workspace, so that input
// would make it one.
func (c *Conn) WantsWorkspace() bool { return c.busy == nil }

// UseWorkspace lends w to a connection that wants one: it is the connection's
// until SpareWorkspace returns it.
func (c *Conn) UseWorkspace(w *Workspace) {
	w.lent = true
	c.busy = w
	if c.streams.free == nil && w.record != nil {
		c.streams.free, c.streams.freeSize = w.record, 1
		w.record = nil
	}
}

// SpareWorkspace gives back what UseWorkspace lent if the connection can do
// without; else it returns nil, and may be asked again. It can as soon as no
// stream is open and the output was taken. A connection that has a second stream
// before it rests keeps the Workspace until then, and remembers in it the header
// blocks that repeat. To be called when Next has returned nil: events are no longer
// valid afterwards.
func (c *Conn) SpareWorkspace() *Workspace {
	if c.busy == nil || !c.busy.lent {
		return nil
	}
	return c.spareWorkspace()
}

func (c *Conn) spareWorkspace() *Workspace {
	w := c.busy
	switch {
	case c.begun > 1:
		w.lent = false
		return nil
	case c.wireStreams > 0 || c.needDrain || c.Pending() || w.block.open || w.lastEnd.size > 0:
		return nil
	}
	c.busy = nil
	record, fields, early := w.record, w.fieldBuf, w.ev.early
	if s := c.streams.free; s != nil {
		record = s
		record.allNext = nil
		c.streams.free, c.streams.freeSize = nil, 0
	}
	if early != nil {
		settings := early.settings.Settings
		if cap(settings) > maxSpareFields {
			settings = nil
		}
		*early = earlyEvents{settings: SettingsReceived{settings[:0]}}
	}
	if cap(fields) > maxSpareFields {
		fields = nil
	}
	clear(fields[:cap(fields)])
	*w = Workspace{record: record, fieldBuf: fields[:0], recall: recall{raw: w.recall.raw[:0]}, ev: events{early: early}, Attached: w.Attached}
	return w
}
