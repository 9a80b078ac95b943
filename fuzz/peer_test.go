package fuzz

import (
	"bytes"

	"golang.org/x/net/http2/hpack"

	"weft/core"
	"weft/core/frame"
)

// A peer writes frames as a tape tells it: mostly as a peer would, now and then
// as none should. It keeps no rule but knows enough to get far.
type peer struct {
	client bool
	out    []byte
	next   frame.StreamID // the next it opens, or promises
	last   frame.StreamID // the one it spoke of last
	theirs frame.StreamID // the next the other side opens, if it is told

	block bytes.Buffer
	enc   *hpack.Encoder
}

func newPeer(client bool) *peer {
	p := &peer{client: client, next: 2, theirs: 1}
	if client {
		p.next, p.theirs = 1, 2
	}
	p.enc = hpack.NewEncoder(&p.block)
	return p
}

// hello is what a connection begins with.
func (p *peer) hello(settings ...frame.Setting) {
	if p.client {
		p.out = append(p.out, core.Preface...)
	}
	p.out = frame.AppendSettings(p.out, settings)
}

// What a peer can do. The values are the bytes of the tape, modulo numSteps.
const (
	stepOpen = iota // HEADERS on a new stream, in a client
	stepHeaders
	stepData
	stepEnd
	stepWindow
	stepReset
	stepSettings
	stepSettingsAck
	stepPing
	stepPingAck
	stepGoAway
	stepPriority
	stepPush
	stepContinuation
	stepAltSvc
	stepOrigin
	stepPriorityUpdate
	stepUnknown
	stepFrame
	stepBlock
	stepTable
	stepSplit
	numSteps
)

func (p *peer) step(t *tape) {
	switch t.below(numSteps) {
	case stepOpen:
		id := p.stream(t)
		if p.client {
			id = p.next
			p.next += 2
		}
		p.last = id
		p.headers(t, id, p.opening(t))
	case stepHeaders:
		p.last = p.stream(t)
		p.headers(t, p.last, p.later(t))
	case stepData:
		id := p.stream(t)
		flags := t.byte()
		p.out = frame.AppendData(p.out, id, make([]byte, t.size()), flags&1 != 0, padding(t, flags))
	case stepEnd:
		p.out = frame.AppendData(p.out, p.stream(t), nil, true, -1)
	case stepWindow:
		p.out = frame.AppendWindowUpdate(p.out, p.stream(t), t.number())
	case stepReset:
		p.out = frame.AppendRSTStream(p.out, p.stream(t), frame.ErrCode(t.below(15)))
	case stepSettings:
		p.out = frame.AppendSettings(p.out, settings(t))
	case stepSettingsAck:
		p.out = frame.AppendSettingsAck(p.out)
	case stepPing:
		p.out = frame.AppendPing(p.out, false, [8]byte(be(8, uint64(t.byte()))))
	case stepPingAck:
		p.out = frame.AppendPing(p.out, true, opaque(t))
	case stepGoAway:
		p.out = frame.AppendGoAway(p.out, frame.GoAwayFrame{
			LastStream: p.stream(t), Code: frame.ErrCode(t.below(15)), Debug: t.take(t.below(20))})
	case stepPriority:
		p.out = frame.AppendPriority(p.out, p.stream(t), p.priority(t))
	case stepPush:
		parent, promised := p.stream(t), p.next
		if !p.client {
			p.next += 2
		}
		flags := t.byte()
		if flags&2 != 0 {
			promised = p.stream(t)
		}
		p.last = promised
		fragment := p.encode(p.opening(t))
		p.cut(t, fragment, func(b []byte, end bool) []byte {
			return frame.AppendPushPromise(p.out, parent, promised, b, end, padding(t, flags))
		}, parent)
	case stepContinuation:
		p.out = frame.AppendContinuation(p.out, p.stream(t), t.take(t.below(40)), t.bool())
	case stepAltSvc:
		p.out = frame.AppendAltSvc(p.out, p.stream(t), pick(t, []string{"", "https://example.com"}), "h2=\":443\"")
	case stepOrigin:
		p.out = frame.AppendOrigin(p.out, pick(t, origins), pick(t, origins))
	case stepPriorityUpdate:
		p.out = frame.AppendPriorityUpdate(p.out, p.stream(t), pick(t, priorities))
	case stepUnknown:
		n := t.below(30)
		p.out = frame.AppendHeader(p.out, frame.Header{
			Length: uint32(n), Type: frame.Type(0xf0 + t.byte()%8), Flags: frame.Flags(t.byte()), Stream: p.stream(t)})
		p.out = append(p.out, make([]byte, n)...)
	case stepFrame: // any header over any payload
		typ, flags, id, payload := t.byte(), t.byte(), p.stream(t), t.take(t.below(64))
		if typ >= 0x80 {
			typ &= 0x1f
		}
		p.out = frame.AppendHeader(p.out, frame.Header{
			Length: uint32(len(payload)), Type: frame.Type(typ), Flags: frame.Flags(flags), Stream: id})
		p.out = append(p.out, payload...)
	case stepBlock: // a header block of any bytes
		id := p.stream(t)
		p.out = frame.AppendHeaders(p.out, id, t.take(t.below(64)), frame.Flags(t.byte()), nil, -1)
	case stepTable:
		p.enc.SetMaxDynamicTableSizeLimit(t.number())
		p.enc.SetMaxDynamicTableSize(t.number())
	case stepSplit: // the same header block again and again, from the table
		id := p.stream(t)
		fragment := p.encode(p.opening(t))
		p.cut(t, fragment, func(b []byte, end bool) []byte {
			flags := frame.FlagEndStream
			if end {
				flags |= frame.FlagEndHeaders
			}
			return frame.AppendHeaders(p.out, id, b, flags, nil, -1)
		}, id)
	}
}

// headers writes a whole header block, perhaps padded and in pieces.
func (p *peer) headers(t *tape, id frame.StreamID, list []core.Field) {
	flags := t.byte()
	fragment := p.encode(list)
	var prio *frame.PriorityParam
	if flags&4 != 0 {
		v := p.priority(t)
		prio = &v
	}
	write := func(b []byte, end bool) []byte {
		f := frame.Flags(flags) & frame.FlagEndStream
		if end {
			f |= frame.FlagEndHeaders
		}
		return frame.AppendHeaders(p.out, id, b, f, prio, padding(t, flags))
	}
	if flags&8 == 0 && len(fragment) < 16000 {
		p.out = write(fragment, true)
		return
	}
	p.cut(t, fragment, write, id)
}

// cut writes a fragment as one frame and some CONTINUATIONs behind it.
func (p *peer) cut(t *tape, fragment []byte, first func(b []byte, end bool) []byte, id frame.StreamID) {
	n := min(len(fragment), t.size(), 16000)
	p.out = first(fragment[:n], n == len(fragment))
	for fragment = fragment[n:]; len(fragment) > 0; fragment = fragment[n:] {
		n = min(len(fragment), max(t.size(), len(fragment)/8+1), 16384)
		p.out = frame.AppendContinuation(p.out, id, fragment[:n], n == len(fragment))
	}
}

func (p *peer) encode(list []core.Field) []byte {
	p.block.Reset()
	for _, f := range list {
		p.enc.WriteField(hpack.HeaderField(f)) // a buffer takes everything
	}
	return bytes.Clone(p.block.Bytes())
}

func (p *peer) opening(t *tape) []core.Field { return pick(t, requests) }

func (p *peer) later(t *tape) []core.Field {
	switch {
	case t.bool():
		return pick(t, trailers)
	case p.client:
		return pick(t, requests)
	}
	return pick(t, responses)
}

// stream picks an id: often one that is in use, sometimes one at the edge.
func (p *peer) stream(t *tape) frame.StreamID {
	x := t.byte()
	switch {
	case x < 0x40:
		return p.last
	case x < 0x80: // the first few, of either side
		return frame.StreamID(x - 0x40)
	case x < 0x90:
		return p.next - 2*frame.StreamID(x-0x80)
	case x < 0xa0:
		return p.theirs - 2*frame.StreamID(x-0x90)
	case x < 0xb0:
		p.next += 2 * frame.StreamID(x-0xa0) // skipping some
		return p.next
	case x < 0xc0:
		return frame.MaxStreamID - frame.StreamID(x-0xb0)
	}
	return frame.StreamID(t.number())
}

func (p *peer) priority(t *tape) frame.PriorityParam {
	return frame.PriorityParam{Parent: p.stream(t), Exclusive: t.bool(), Weight: 1 + int(t.byte())}
}

// padding is -1 for none; flags say whether there is any.
func padding(t *tape, flags byte) int {
	if flags&0x10 == 0 {
		return -1
	}
	return int(t.byte())
}

func settings(t *tape) []frame.Setting {
	list := make([]frame.Setting, t.below(5))
	for i := range list {
		list[i] = setting(t)
	}
	return list
}

// setting picks one of the settings there are, or two that there are not.
func setting(t *tape) frame.Setting {
	id := frame.SettingID(t.below(11))
	if id == 10 {
		id = 0xf000
	}
	return frame.Setting{ID: id, Value: t.number()}
}

// opaque picks the payload of a PING: one the core uses itself, or another.
func opaque(t *tape) [8]byte {
	return choose(t, [][8]byte{
		[8]byte([]byte("weft bye")), [8]byte([]byte("weft bdp")), [8]byte([]byte("weft hey")),
	}, func() [8]byte { return [8]byte(be(8, uint64(t.byte()))) })
}

var (
	origins    = []string{"https://example.com", "https://example.org:8443", "", "nonsense", "http://*.example"}
	priorities = []string{"u=1", "u=5, i", "i", "", "u=9", "i=?0, u=0", "\"", "u=3;x, foo=\"a,b\"", "Nonsense"}
)
