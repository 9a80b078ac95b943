package core

import (
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

// block is the header block being received: a HEADERS or PUSH_PROMISE frame
// and the CONTINUATION frames behind it. While one is open, nothing else may
// arrive (RFC 9113 §4.3).
type block struct {
	open          bool
	stream        StreamID
	promised      StreamID // PUSH_PROMISE only
	endStream     bool
	hasPriority   bool
	priority      Priority
	continuations int
	buf           []byte // the fragments so far, unless one frame held all
	scan          blockScan
}

// recvHeaders handles HEADERS (RFC 9113 §6.2).
func (c *Conn) recvHeaders(h frame.Header, p []byte) Event {
	f, err := frame.ParseHeaders(h, p)
	if err != nil {
		c.fail(parseFault(err))
		return nil
	}
	if h.Stream == 0 {
		c.fail(FaultStreamZero)
		return nil
	}
	b := &c.block
	b.stream, b.promised = h.Stream, 0
	b.endStream = h.Flags.Has(frame.FlagEndStream)
	b.hasPriority, b.priority = f.HasPriority, f.Priority
	return c.beginBlock(f.Fragment, h.Flags.Has(frame.FlagEndHeaders))
}

func parseFault(err error) Fault {
	if err == frame.ErrPadding {
		return FaultPadding
	}
	return FaultFrameSize
}

func (c *Conn) beginBlock(fragment []byte, end bool) Event {
	b := &c.block
	b.scan = blockScan{}
	if end {
		c.disarm(TimerHeaderBlock) // of a frame that came in pieces
		return c.endBlock(fragment)
	}
	b.open = true
	b.continuations = 0
	if c.deadlines[TimerHeaderBlock] == unarmed {
		c.arm(TimerHeaderBlock, c.cfg.HeaderBlock)
	}
	c.extendBlock(fragment)
	return nil
}

// recvContinuation handles CONTINUATION (RFC 9113 §6.10).
func (c *Conn) recvContinuation(h frame.Header, p []byte) Event {
	b := &c.block
	switch {
	case h.Stream == 0:
		c.fail(FaultStreamZero)
		return nil
	case !b.open || h.Stream != b.stream:
		c.fail(FaultContinuation)
		return nil
	}
	b.continuations++
	if b.continuations > c.cfg.MaxContinuations {
		c.fail(FaultTooManyContinuations)
		return nil
	}
	c.extendBlock(p)
	if c.closed() || !h.Flags.Has(frame.FlagEndHeaders) {
		return nil
	}
	b.open = false
	c.disarm(TimerHeaderBlock)
	ev := c.endBlock(b.buf)
	b.buf = nil
	return ev
}

// extendBlock adds a fragment. Its structure is judged at once, so that a
// hostile length ends the connection when it is read and not after it arrived.
func (c *Conn) extendBlock(fragment []byte) {
	b := &c.block
	if len(b.buf)+len(fragment) > c.cfg.MaxHeaderBlock {
		c.fail(FaultBlockTooLong)
		return
	}
	b.buf = append(b.buf, fragment...)
	if fault := c.scanBlock(b.buf); fault != FaultNone {
		c.fail(fault)
	}
}

// endBlock decodes a complete block and hands it to whoever it is for. The
// compression state must follow every block, wanted or not (RFC 9113 §4.3).
func (c *Conn) endBlock(raw []byte) Event {
	b := &c.block
	if len(raw) > c.cfg.MaxHeaderBlock {
		c.fail(FaultBlockTooLong)
		return nil
	}
	if b.promised != 0 {
		fault := c.decodeBlock(raw, KindRequest)
		if c.closed() {
			return nil
		}
		return c.recvPromised(fault)
	}
	return c.dispatchHeaders(raw)
}

// decoded is a header block after decoding and checking.
type decoded struct {
	fields []Field
	size   int // by RFC 9113 §6.5.2
	msg    message
	fault  Fault  // of the message: FaultNone if it is valid
	number uint32 // of what the cache keeps, else 0 (repeat.go)
}

// decodeBlock decodes raw into c.got and checks it as a message of that kind.
// It returns the message's fault; a fault of the connection has ended it.
func (c *Conn) decodeBlock(raw []byte, kind HeadersKind) Fault {
	if e := c.decodeCache.find(raw, kind); e != nil {
		if c.got.number != e.number || e.number == 0 { // else it is there already
			c.got = e.decoded
		}
		return c.got.fault
	}
	if fault := c.scanBlock(raw); fault != FaultNone {
		c.fail(fault)
		return fault
	}
	scan := &c.block.scan
	if scan.pos != len(raw) {
		c.fail(FaultCompression)
		return FaultCompression
	}
	if c.mustShrink && !scan.updated {
		// RFC 7541 §4.2: the reduction we demanded has to be signalled first.
		c.fail(FaultCompression)
		return FaultCompression
	}
	c.mustShrink = false
	c.got.size, c.got.number, c.listFault = 0, 0, FaultNone
	if n := min(scan.fields, c.cfg.MaxHeaderFields); n > cap(c.fieldBuf) {
		c.fieldBuf, c.plain = make([]Field, 0, n), 0 // nothing stands there
		c.recall.only(0)
	}
	c.fieldBuf, c.same = c.fieldBuf[:0], 0
	c.shown = 0 // the event's fields may have stood there
	if scan.nameless {
		c.listFault = FaultFieldName // however many: nothing of it is stored
	}
	c.dec.SetEmitEnabled(c.listFault == FaultNone)
	if err := c.decodeFields(raw[scan.start:]); err != nil {
		c.fail(decodeFault(err))
		return FaultCompression
	}
	if err := c.dec.Close(); err != nil {
		c.fail(decodeFault(err))
		return FaultCompression
	}
	// A byte each, and if they were not short the list was too large after a few.
	if scan.indexed > c.cfg.MaxHeaderFieldsHard && c.listFault != FaultHeaderListTooLarge {
		c.fail(FaultTooManyFieldsHard)
		return FaultTooManyFieldsHard
	}
	c.got.fields = c.fieldBuf
	c.got.fault = c.listFault
	plain := c.plain & c.same
	c.plain = 0
	if c.got.fault == FaultNone {
		c.got.fault = c.got.msg.check(c.fieldBuf, &plain, fieldRules{kind, c.cfg.transport, c.local.connectProtocol, c.cfg.laxValues})
		c.plain = plain
	}
	if c.got.fault == FaultNone && c.got.msg.crumbs > 1 {
		var first int
		c.got.fields, first = joinCookies(c.fieldBuf, c.got.msg.crumbs)
		c.plain &= 1<<first - 1 // what stood behind has moved
		c.recall.only(first)
	}
	if scan.inserts || scan.updated {
		c.decodeCache.invalidate()
	} else {
		c.got.number = c.nextNumber()
		if c.decodeCache == nil {
			c.decodeCache = new(decodeCache)
		}
		c.decodeCache.store(raw, kind, &c.got, scan.literals > 0)
	}
	return c.got.fault
}

func decodeFault(err error) Fault {
	if err == hpack.ErrStringLength {
		return FaultStringTooLong
	}
	return FaultCompression
}

// onField is the decoder's callback. Once the list is too large nothing is
// kept any more, and the decoder only follows its table. A field that stood at
// the same place of the block before, as most do, is recognised (the strings
// of a table entry are the same each time) and noted in same: what check found
// out about it still holds.
func (c *Conn) onField(f hpack.HeaderField) {
	if !c.hasRoom(f.Name, f.Value) {
		return
	}
	i := len(c.fieldBuf)
	if i == cap(c.fieldBuf) {
		c.fieldBuf = append(c.fieldBuf, Field{})
	} else {
		c.fieldBuf = c.fieldBuf[:i+1]
	}
	// Word by word: moving the struct as a whole is what would take longest.
	at := &c.fieldBuf[i]
	if at.Value == f.Value && at.Name == f.Name {
		c.same |= 1 << uint(i)
	} else {
		at.Name, at.Value = f.Name, f.Value
	}
	at.Sensitive = f.Sensitive
}

// hasRoom reports whether a field may go into the list.
func (c *Conn) hasRoom(name, value string) bool {
	c.got.size += len(name) + len(value) + fieldOverhead
	switch {
	case c.got.size > c.cfg.MaxHeaderList:
		c.refuseList(FaultHeaderListTooLarge)
	case len(c.fieldBuf) == c.cfg.MaxHeaderFields:
		c.refuseList(FaultTooManyFields)
	default:
		return true
	}
	return false
}

// refuseList drops the fields of a list that is too large: those that follow only
// go through the decoder's table.
func (c *Conn) refuseList(f Fault) {
	c.listFault = f
	clear(c.fieldBuf[:cap(c.fieldBuf)])
	c.fieldBuf, c.same = c.fieldBuf[:0], 0
	c.dec.SetEmitEnabled(false)
}

// blockScan walks the representations of a header block without decoding
// strings. It settles what the decoder leaves open: table size updates only at
// the start, at most two; integers and lengths in range; how many fields there
// are, so that there is one list for all of them.
type blockScan struct {
	pos      int // start of the first incomplete representation
	start    int // end of the leading table size updates
	fields   int
	indexed  int // of them, those that are wholly in a table
	updates  uint8
	updated  bool        // the table's size was updated
	inserts  bool        // the table changes
	nameless bool        // there are fields with an empty name, which do not count
	literals int         // fields that are not wholly in a table
	ends     literalEnds // of the first of them
}

// maxInteger bounds every integer in a block, and maxIntegerBytes the length
// of its encoding, padding with zeros included (RFC 7541 §5.1, §7.4).
const (
	maxInteger      = 1<<31 - 1
	maxIntegerBytes = 5
)

// scanInteger reads the integer at b[pos] with a prefix of n bits. A size of 0
// means that b ends too early, -1 that the integer is out of range.
func scanInteger(b []byte, pos int, n uint) (v, size int) {
	mask := byte(1<<n - 1)
	if pos >= len(b) {
		return 0, 0
	}
	v = int(b[pos] & mask)
	if v < int(mask) {
		return v, 1
	}
	for i := 1; ; i++ {
		if i > maxIntegerBytes {
			return 0, -1
		}
		if pos+i >= len(b) {
			return 0, 0
		}
		x := b[pos+i]
		v += int(x&0x7f) << (7 * (i - 1))
		if v > maxInteger {
			return 0, -1
		}
		if x&0x80 == 0 {
			return v, i + 1
		}
	}
}

// scanBlock goes on from where it stopped, up to the last complete
// representation in b. Every byte is looked at once, however b was cut.
func (c *Conn) scanBlock(b []byte) Fault {
	s := &c.block.scan
	for s.pos < len(b) {
		x := b[s.pos]
		if x >= 0x80 { // indexed field, RFC 7541 §6.1
			n := 1
			if x == 0xff {
				if _, n = scanInteger(b, s.pos, 7); n <= 0 {
					return incomplete(n)
				}
			}
			s.pos += n
			s.fields++
			s.indexed++
		} else if x&0xe0 == 0x20 { // table size update, §6.3
			if s.fields > 0 || s.nameless || s.updates == 2 {
				return FaultCompression
			}
			v, n := scanInteger(b, s.pos, 5)
			if n <= 0 {
				return incomplete(n)
			}
			if uint32(v) > c.decoderLimit {
				return FaultCompression
			}
			c.dec.SetMaxDynamicTableSize(uint32(v))
			c.decodeCache.invalidate()
			s.pos += n
			s.start = s.pos
			s.updates++
			s.updated = true
		} else { // literal field, §6.2
			prefix := uint(4)
			if x&0x40 != 0 {
				prefix = 6
			}
			index, n := scanInteger(b, s.pos, prefix)
			if n <= 0 {
				return incomplete(n)
			}
			pos, nameless := s.pos+n, false
			if index == 0 {
				length, n := scanInteger(b, pos, 7)
				if n <= 0 {
					return incomplete(n)
				}
				if length > c.cfg.MaxHeaderList {
					return FaultStringTooLong
				}
				pos += n + length
				nameless = length == 0
			}
			length, n := scanInteger(b, pos, 7)
			if n <= 0 {
				return incomplete(n)
			}
			if length > c.cfg.MaxHeaderList {
				return FaultStringTooLong
			}
			pos += n + length
			if pos > len(b) {
				return FaultNone
			}
			s.pos = pos
			if nameless {
				s.nameless = true
			} else {
				s.fields++
			}
			if s.literals < len(s.ends) {
				s.ends[s.literals] = uint16(pos) // if it does not fit, recall is not for the block
			}
			s.literals++
			if x&0x40 != 0 {
				s.inserts = true
			}
		}
	}
	return FaultNone
}

func incomplete(size int) Fault {
	if size < 0 {
		return FaultCompression
	}
	return FaultNone
}
