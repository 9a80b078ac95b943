package transport

import (
	"weft/core"
	"weft/transport/internal/pool"
)

// A Gatherer is an Endpoint that can leave long parts of its output where they
// are, in strings. Run takes such output if the connection is a socket, which
// writes several runs of bytes at once; else the parts are copied.
type Gatherer interface {
	Endpoint

	// Gather says, before any turn, that output is going to be taken by
	// SwapPieces. It reports whether the endpoint likes that.
	Gather() bool

	// SwapPieces is SwapOutput, with the pieces that belong in the output. There
	// are none where out is empty.
	SwapPieces(spare []byte) (out []byte, pieces []core.Piece)
}

// gatheringWire is a Wire that writes output with pieces.
type gatheringWire interface {
	// StartGather is StartWrite for out with the pieces in their places.
	// ContinueWrite sends the rest.
	StartGather(out []byte, pieces []core.Piece) (n int, err error)
}

// output is what was taken from the endpoint and is to be written.
type output struct {
	buf    []byte
	pieces []core.Piece
}

func (o *output) size() int {
	n := len(o.buf)
	for i := range o.pieces {
		n += len(o.pieces[i].Data)
	}
	return n
}

// swap takes output from the endpoint.
func (p *pump) swap(spare []byte) output {
	if p.gatherer != nil {
		buf, pieces := p.gatherer.SwapPieces(spare)
		return output{buf, pieces}
	}
	return output{buf: p.ep.SwapOutput(spare)}
}

// startWrite begins to write.
func (p *pump) startWrite(o output) (int, error) {
	if len(o.pieces) > 0 {
		return p.wire.(gatheringWire).StartGather(o.buf, o.pieces)
	}
	return p.wire.StartWrite(o.buf)
}

// spend gives back what was written.
func spend(o output) { pool.PutOutput(o.buf) }
