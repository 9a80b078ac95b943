package fuzz

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/http2/hpack"

	"weft/core"
	"weft/core/frame"
)

// outbound reads what an end sends as a strict peer would, and besides compares
// it with what was commanded.
type outbound struct {
	e        *end
	verify   bool // body bytes follow the pattern on both sides
	began    bool // the preface went out
	settings bool
	ended    bool // nothing may follow
	last     frame.Type

	block   *block // the header block that is not complete
	dec     *hpack.Decoder
	decoded []core.Field
	allowed uint32 // for our table
	table   uint32 // what the peer allowed when it was last looked at
	largest uint32 // MAX_FRAME_SIZE, likewise

	expected []*block // header blocks that were commanded and have not come out
	owed     []debt   // acknowledgements
	paid     int      // of those, how many may not be written yet
	streams  map[frame.StreamID]*sent
	next     frame.StreamID
	lastAway frame.StreamID

	windowUpdates int // that DATA received since the last output may have caused
}

// sent is what went out on one stream.
type sent struct {
	end, reset bool
	offset     int64 // of body bytes
	updates    int64
}

// block is a header block, commanded or coming out.
type block struct {
	id, promised frame.StreamID
	end          bool
	fields       []core.Field
	raw          []byte
}

// debt is an acknowledgement that has to come out.
type debt struct {
	kind   int
	opaque [8]byte
}

const (
	ackSettings = iota
	ackPing
)

func newOutbound(e *end) *outbound {
	o := &outbound{
		e: e, verify: true, began: !e.client, table: 4096, largest: 16384, next: 2,
		streams: make(map[frame.StreamID]*sent), lastAway: frame.MaxStreamID,
	}
	if e.client {
		o.next = 1
	}
	o.dec = hpack.NewDecoder(4096, func(f hpack.HeaderField) { o.decoded = append(o.decoded, core.Field(f)) })
	return o
}

// input notes that n bytes came in.
func (o *outbound) input(n int) {
	o.windowUpdates += 2 * (n/frame.HeaderLen + 1)
}

// owe notes an acknowledgement that has to come, in this order.
func (o *outbound) owe(kind int, opaque [8]byte) { o.owed = append(o.owed, debt{kind, opaque}) }

// expectHeaders notes a header block that was commanded.
func (o *outbound) expectHeaders(s *model, list []core.Field, promised core.StreamID) {
	o.expected = append(o.expected, &block{id: s.id, promised: promised, fields: list})
}

func (o *outbound) stream(id frame.StreamID) *sent {
	s := o.streams[id]
	if s == nil {
		s = new(sent)
		o.streams[id] = s
	}
	return s
}

// write judges some output. It consists of whole frames.
func (o *outbound) write(p []byte) {
	e := o.e
	if o.ended {
		e.fatalf("output after the end: %x", p)
	}
	if !o.began {
		if !bytes.HasPrefix(p, []byte(core.Preface)) {
			e.fatalf("no preface: %x", p)
		}
		o.began, p = true, p[len(core.Preface):]
	}
	allowed := e.c.PeerSettings()
	o.allowed = max(o.table, allowed.HeaderTableSize)
	largest := max(o.largest, allowed.MaxFrameSize)
	for len(p) > 0 {
		if !e.client && strings.HasPrefix(string(p), "HTTP/1.1 400 ") && e.c.Info().LastFault == core.FaultHTTP1 {
			o.ended = true
			break
		}
		if len(p) < frame.HeaderLen {
			e.fatalf("half a frame header: %x", p)
		}
		h := frame.ParseHeader(p)
		if total := frame.HeaderLen + int(h.Length); len(p) < total || h.Length > largest {
			e.fatalf("%v, of which there are %d bytes, at most %d allowed", h, len(p), largest)
		}
		o.frame(h, p[frame.HeaderLen:][:h.Length])
		p = p[frame.HeaderLen+int(h.Length):]
	}
	if o.block != nil {
		e.fatalf("a header block on %d without its end", o.block.id)
	}
	if len(o.expected) > 0 && !o.ended {
		e.fatalf("a header block for %d did not come", o.expected[0].id)
	}
	if !o.ended {
		for _, d := range o.owed {
			e.fatalf("an acknowledgement did not come: %+v", d)
		}
	}
	if o.last != frame.TypeGoAway && e.over && !e.closing.ByPeer && e.closing.Fault.Conn() && !o.ended {
		e.fatalf("%v, but the last frame is %v", e.closing, o.last)
	}
	o.ended = e.over
	o.owed = nil
	if !e.cfg.ReportedWrites {
		o.paid = 0
	}
	o.table, o.largest = allowed.HeaderTableSize, allowed.MaxFrameSize
	o.windowUpdates = 0
}

func (o *outbound) frame(h frame.Header, p []byte) {
	e := o.e
	bad := func(why string, args ...any) {
		e.t.Helper()
		e.fatalf("sent %v %x: %s", h, p[:min(len(p), 32)], fmt.Sprintf(why, args...))
	}
	e.tracef("sends %v %x", h, p[:min(len(p), 20)])
	if o.ended {
		bad("after the end")
	}
	if !o.settings && (h.Type != frame.TypeSettings || h.Flags.Has(frame.FlagAck)) {
		bad("SETTINGS come first")
	}
	o.settings = true
	o.last = h.Type
	if o.block != nil && (h.Type != frame.TypeContinuation || h.Stream != o.block.id) {
		bad("inside a header block")
	}
	if (h.Stream == 0) != onConnection(h.Type) && h.Type < 0xf0 && h.Type != frame.TypeWindowUpdate && h.Type != frame.TypeAltSvc {
		bad("not on that stream")
	}
	info := e.c.Info()
	idle := h.Stream >= info.NextStream && h.Stream&1 == info.NextStream&1 || h.Stream > info.LastPeer && h.Stream&1 != info.NextStream&1
	s := o.stream(h.Stream)
	switch h.Type {
	case frame.TypeData:
		f, err := frame.ParseData(h, p)
		if m := e.streams[h.Stream]; err != nil || m == nil || s.end || s.reset {
			bad("%v, on stream %+v", err, m)
		}
		if f.Overhead > 0 && !bytes.Equal(p[len(p)-f.Overhead+1:], make([]byte, f.Overhead-1)) {
			bad("padding that is not zero")
		}
		if !bytes.Equal(f.Data, pattern(e.client, uint32(h.Stream), s.offset, len(f.Data))) {
			bad("not the bytes that were given, behind the first %d", s.offset)
		}
		s.offset += int64(len(f.Data))
		s.end = h.Flags.Has(frame.FlagEndStream)
	case frame.TypeHeaders:
		f, err := frame.ParseHeaders(h, p)
		switch {
		case err != nil, s.end, s.reset:
			bad("%v, %+v", err, s)
		case f.HasPriority && f.Priority.Parent == h.Stream:
			bad("depends on itself")
		case e.client && h.Stream == o.next:
			o.next += 2
		case e.client && (h.Stream > o.next || !e.isOurs(h.Stream)),
			!e.client && e.streams[h.Stream] == nil:
			bad("not a stream to speak on")
		}
		o.block = &block{id: h.Stream, end: h.Flags.Has(frame.FlagEndStream), raw: bytes.Clone(f.Fragment)}
		o.endBlock(h)
	case frame.TypePushPromise:
		f, err := frame.ParsePushPromise(h, p)
		if err != nil || e.client || f.Promised != o.next || s.end || s.reset || e.isOurs(h.Stream) {
			bad("%v, %+v", err, s)
		}
		o.next += 2
		o.block = &block{id: h.Stream, promised: f.Promised, raw: bytes.Clone(f.Fragment)}
		o.endBlock(h)
	case frame.TypeContinuation:
		if o.block == nil {
			bad("outside a header block")
		}
		o.block.raw = append(o.block.raw, p...)
		o.endBlock(h)
	case frame.TypePriority:
		f, err := frame.ParsePriority(h, p)
		if err != nil || f.Parent == h.Stream {
			bad("%v", err)
		}
	case frame.TypeRSTStream:
		if _, err := frame.ParseRSTStream(h, p); err != nil || s.reset || idle {
			bad("%v, idle %v, %+v", err, idle, s)
		}
		s.reset = true
	case frame.TypeSettings:
		if frame.CheckSettings(h, p) != nil {
			bad("its size")
		}
		if h.Flags.Has(frame.FlagAck) {
			o.pay(debt{kind: ackSettings}, bad)
		}
	case frame.TypePing:
		opaque, err := frame.ParsePing(h, p)
		if err != nil {
			bad("%v", err)
		}
		if h.Flags.Has(frame.FlagAck) {
			o.pay(debt{ackPing, opaque}, bad)
		}
	case frame.TypeGoAway:
		f, err := frame.ParseGoAway(h, p)
		last := f.LastStream
		if err != nil || last > o.lastAway || last != frame.MaxStreamID && (e.isOurs(last) || e.client && last > info.LastPeer) {
			bad("%v, last stream %d, opened %d", err, last, info.LastPeer)
		}
		o.lastAway = last
	case frame.TypeWindowUpdate:
		inc, err := frame.ParseWindowUpdate(h, p)
		if err != nil || inc == 0 || idle || s.reset {
			bad("%v, idle %v, %+v", err, idle, s)
		}
		// What was granted and not used never exceeds 2^31-1; what was used
		// came in with the input.
		s.updates += int64(inc)
	case frame.TypeAltSvc, frame.TypeOrigin:
		if e.client {
			bad("from a client")
		}
	case frame.TypePriorityUpdate:
		if f, err := frame.ParsePriorityUpdate(h, p); err != nil || !e.client || f.Stream&1 == 0 {
			bad("%v", err)
		}
	default:
		if h.Type < 0xf0 {
			bad("an unknown type")
		}
	}
}

func onConnection(t frame.Type) bool {
	switch t {
	case frame.TypeSettings, frame.TypePing, frame.TypeGoAway, frame.TypeOrigin, frame.TypePriorityUpdate:
		return true
	}
	return false
}

// pay settles an acknowledgement. One more than was reported may come when the
// connection ended over the frame it answers.
func (o *outbound) pay(d debt, bad func(string, ...any)) {
	if len(o.owed) == 0 && (o.e.over || o.e.c.Info().LastFault == core.FaultAbuse) {
		return
	}
	if len(o.owed) == 0 || o.owed[0] != d {
		bad("nothing to acknowledge: %v", o.owed)
	}
	o.owed = o.owed[1:]
	if limit := o.e.c.Limits().MaxReplies; o.paid >= limit && !o.e.gotEOF { // what came last is dealt with all the same
		bad("%d acknowledgements were waiting already, the limit is %d", o.paid, limit)
	}
	o.paid++
}

// endBlock decodes a header block once it is complete, and compares it with
// what was commanded.
func (o *outbound) endBlock(h frame.Header) {
	b, e := o.block, o.e
	if !h.Flags.Has(frame.FlagEndHeaders) {
		return
	}
	o.block = nil
	o.decoded = nil
	// The decoder takes a second size update for an error; two are legal
	// (RFC 7541 §4.2), so they are read here.
	raw := b.raw
	for updates := 0; len(raw) > 0 && raw[0]&0xe0 == 0x20; updates++ {
		size, n := tableSize(raw)
		if updates == 2 || n == 0 || size > uint64(o.allowed) {
			e.fatalf("sent %v %x: table size %d, allowed %d", h, b.raw, size, o.allowed)
		}
		o.dec.SetMaxDynamicTableSize(uint32(size))
		raw = raw[n:]
	}
	if _, err := o.dec.Write(raw); err != nil {
		e.fatalf("sent %v %x: %v", h, b.raw, err)
	}
	if err := o.dec.Close(); err != nil {
		e.fatalf("sent %v %x: %v", h, b.raw, err)
	}
	if len(o.expected) == 0 {
		e.fatalf("sent %v %v, which was not commanded", h, o.decoded)
	}
	want := o.expected[0]
	o.expected = o.expected[1:]
	if b.id != want.id || b.promised != want.promised || !sameFields(o.decoded, want.fields) {
		e.fatalf("sent %v promised=%d %v, commanded were %d %d %v", h, b.promised, o.decoded, want.id, want.promised, want.fields)
	}
	if b.end {
		o.stream(b.id).end = true
	}
}

// tableSize reads a dynamic table size update (RFC 7541 §6.3).
func tableSize(b []byte) (size uint64, n int) {
	size = uint64(b[0] & 0x1f)
	if size < 0x1f {
		return size, 1
	}
	for n, shift := 1, 0; n < len(b) && shift < 35; n, shift = n+1, shift+7 {
		size += uint64(b[n]&0x7f) << shift
		if b[n] < 0x80 {
			return size, n + 1
		}
	}
	return 0, 0
}

// sameFields compares fields. A field may be kept out of the tables although
// nobody asked for it, but not the other way round.
func sameFields(got, want []core.Field) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i].Name != want[i].Name || got[i].Value != want[i].Value || want[i].Sensitive && !got[i].Sensitive {
			return false
		}
	}
	return true
}
