package nodetest

import (
	"slices"
	"testing"
	"time"

	"weft/core/coretest"
	"weft/transport"
	"weft/transport/mem"
)

// A raw peer sends frames as a test makes them, right ones and wrong ones, and
// collects what comes back.
//
//	r := newRaw(t, server)
//	r.send(r.peer.Handshake(true).Headers(1, true, coretest.Request("GET", "/")...))
type raw struct {
	peer *coretest.Peer
	got  *wire // what the other side sent
	link *mem.Link
	eof  bool  // the other side ended its output
	err  error // what broke the link

	out  []byte
	wake func()
}

// newRaw links a raw peer with a session. client says that the session is the
// client's end.
func newRaw(t *testing.T, session transport.Endpoint, client bool) *raw {
	ran(t)
	r := &raw{peer: coretest.NewPeer(), got: newWire(t, client)}
	r.link = mem.NewLink(r, session, mem.Options{Latency: 10 * time.Millisecond})
	return r
}

// send sends what the peer has made, all at once, and lets the link settle.
func (r *raw) send(p *coretest.Peer) {
	r.push(p.Bytes())
	r.link.Settle()
}

// push sends bytes, which travel when the link runs.
func (r *raw) push(b []byte) {
	r.out = append(r.out, b...)
	if r.wake != nil {
		r.wake()
	}
}

// closeWrite ends the peer's output.
func (r *raw) closeWrite() {
	r.link.CloseWrite(mem.A)
	r.link.Settle()
}

// saw reports whether the session sent exactly this frame.
func (r *raw) saw(line string) bool { return slices.Contains(r.got.list(), line) }

// The rest is transport.Endpoint.

func (r *raw) Receive(_ time.Time, p []byte)        { r.got.read(p) }
func (r *raw) ReceiveEOF(_ time.Time, cause error)  { r.eof, r.err = true, cause }
func (r *raw) Advance(time.Time)                    {}
func (r *raw) Wrote(time.Time, int)                 {}
func (r *raw) NextDeadline() time.Time              { return time.Time{} }
func (r *raw) ReadPaused() bool                     { return false }
func (r *raw) Done() bool                           { return false }
func (r *raw) OnWake(f func())                      { r.wake = f }
func (r *raw) SwapOutput(spare []byte) (out []byte) { out, r.out = r.out, spare[:0]; return out }

var _ transport.Endpoint = (*raw)(nil)
