package coretest

import (
	"bytes"

	"weft/core"
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

// A Peer makes the bytes of the other side of a connection, right ones and
// wrong ones. Its methods append a frame each and return the Peer, so that
// they can be chained; Bytes takes what was made.
//
//	p := coretest.NewPeer()
//	c.Receive(now, p.Preface().Settings().Headers(1, true, coretest.Request("GET", "/")...).Bytes())
type Peer struct {
	out []byte
	enc *hpack.Encoder
	buf bytes.Buffer // what enc wrote

	rest []byte // of a block whose HEADERS had only the beginning
}

// NewPeer returns a Peer that has sent nothing.
func NewPeer() *Peer {
	p := new(Peer)
	p.enc = hpack.NewEncoder(&p.buf)
	return p
}

// Bytes takes everything that was made so far.
func (p *Peer) Bytes() []byte {
	b := p.out
	p.out = nil
	return b
}

// Raw appends bytes as they are.
func (p *Peer) Raw(b ...byte) *Peer {
	p.out = append(p.out, b...)
	return p
}

// Frame appends a frame of any type, with whatever payload.
func (p *Peer) Frame(t frame.Type, flags frame.Flags, id core.StreamID, payload []byte) *Peer {
	p.out = frame.AppendHeader(p.out, frame.Header{
		Length: uint32(len(payload)), Type: t, Flags: flags, Stream: id,
	})
	return p.Raw(payload...)
}

// Preface appends the magic string a client begins with.
func (p *Peer) Preface() *Peer { return p.Raw([]byte(core.Preface)...) }

// Settings appends SETTINGS.
func (p *Peer) Settings(list ...core.Setting) *Peer {
	p.out = frame.AppendSettings(p.out, list)
	return p
}

// SettingsAck appends the acknowledgement of SETTINGS.
func (p *Peer) SettingsAck() *Peer {
	p.out = frame.AppendSettingsAck(p.out)
	return p
}

// Handshake appends what a peer begins with: the magic string if it is a
// client, its SETTINGS, and the acknowledgement of ours.
func (p *Peer) Handshake(client bool, list ...core.Setting) *Peer {
	if client {
		p.Preface()
	}
	return p.Settings(list...).SettingsAck()
}

// Block encodes fields by the peer's compression state.
func (p *Peer) Block(fields ...core.Field) []byte {
	p.buf.Reset()
	for _, f := range fields {
		p.enc.WriteField(hpack.HeaderField(f)) // a bytes.Buffer takes all
	}
	return bytes.Clone(p.buf.Bytes())
}

// Table changes the size of the peer's compression table. The next block
// begins with the update.
func (p *Peer) Table(size int) *Peer {
	p.enc.SetMaxDynamicTableSizeLimit(uint32(size))
	p.enc.SetMaxDynamicTableSize(uint32(size))
	return p
}

// Headers appends one HEADERS frame.
func (p *Peer) Headers(id core.StreamID, end bool, fields ...core.Field) *Peer {
	flags := frame.FlagEndHeaders
	if end {
		flags |= frame.FlagEndStream
	}
	p.out = frame.AppendHeaders(p.out, id, p.Block(fields...), flags, nil, -1)
	return p
}

// PushPromise appends one PUSH_PROMISE frame.
func (p *Peer) PushPromise(id, promised core.StreamID, fields ...core.Field) *Peer {
	p.out = frame.AppendPushPromise(p.out, id, promised, p.Block(fields...), true, -1)
	return p
}

// Data appends DATA.
func (p *Peer) Data(id core.StreamID, data []byte, end bool) *Peer {
	p.out = frame.AppendData(p.out, id, data, end, -1)
	return p
}

// Reset appends RST_STREAM.
func (p *Peer) Reset(id core.StreamID, code core.ErrCode) *Peer {
	p.out = frame.AppendRSTStream(p.out, id, code)
	return p
}

// WindowUpdate appends WINDOW_UPDATE.
func (p *Peer) WindowUpdate(id core.StreamID, n uint32) *Peer {
	p.out = frame.AppendWindowUpdate(p.out, id, n)
	return p
}

// Ping appends PING.
func (p *Peer) Ping(ack bool, opaque [8]byte) *Peer {
	p.out = frame.AppendPing(p.out, ack, opaque)
	return p
}

// GoAway appends GOAWAY.
func (p *Peer) GoAway(last core.StreamID, code core.ErrCode, debug string) *Peer {
	p.out = frame.AppendGoAway(p.out, frame.GoAwayFrame{LastStream: last, Code: code, Debug: []byte(debug)})
	return p
}

// Priority appends PRIORITY.
func (p *Peer) Priority(id core.StreamID, prio core.Priority) *Peer {
	p.out = frame.AppendPriority(p.out, id, prio)
	return p
}
