// Package pool keeps the two kinds of buffer the transports share: input
// buffers of a fixed size, and output buffers that grow by use.
package pool

import "sync"

// InputSize is the size of an input buffer in bytes: the most one read brings.
const InputSize = 64 << 10

const (
	newOutput = 4 << 10   // capacity of a fresh output buffer
	minOutput = 1 << 10   // smaller ones are not worth keeping
	maxOutput = 512 << 10 // larger ones would stay for no reason
)

// Input is an input buffer.
type Input [InputSize]byte

var inputs = sync.Pool{New: func() any { return new(Input) }}

// GetInput returns an input buffer with unspecified content.
func GetInput() *Input { return inputs.Get().(*Input) }

// PutInput takes an input buffer back; the caller keeps no reference.
func PutInput(b *Input) { inputs.Put(b) }

// A slice put into a sync.Pool would allocate its header each time, so the
// headers are pooled as well.
var full, empty sync.Pool

// GetOutput returns an empty output buffer.
func GetOutput() []byte {
	box, _ := full.Get().(*[]byte)
	if box == nil {
		return make([]byte, 0, newOutput)
	}
	b := *box
	*box = nil
	empty.Put(box)
	return b
}

// PutOutput takes an output buffer back, nil included; the caller keeps no
// reference.
func PutOutput(b []byte) {
	if cap(b) < minOutput || cap(b) > maxOutput {
		return
	}
	box, _ := empty.Get().(*[]byte)
	if box == nil {
		box = new([]byte)
	}
	*box = b[:0]
	full.Put(box)
}
