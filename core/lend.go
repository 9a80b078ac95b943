package core

import (
	"slices"
	"time"

	"weft/core/frame"
)

// A Piece is a part of the output that was not copied: Data belongs before the
// byte at offset At of the output it came with.
type Piece struct {
	At   int // in bytes of the output, pieces not counted
	Data string
}

// lending is the part of the output that stays where it is.
type lending struct {
	pieces []Piece
	size   int // bytes of all pieces
}

const (
	// minPiece is from how many bytes on a piece is worth its place in the list
	// of what is written at once; fewer are copied.
	minPiece = 4 << 10
	// usualPieces is how many frames of the usual size fit into MaxOutput.
	usualPieces = 16
)

// TakePieces says that the output is going to be taken by SwapPieces, so that
// what SendString is given need not be copied. SwapOutput and AppendOutput go
// on working, at the cost of joining the pieces.
func (c *Conn) TakePieces() {
	if c.lent == nil {
		c.lent = new(lending)
	}
}

// SendString is Send for a body in a string, which nobody can change: after
// TakePieces, its longer parts are not copied but become Pieces of the output.
//
// Errors: those of Send.
func (c *Conn) SendString(now time.Time, id StreamID, p string, end bool) (n int, err error) {
	s, n, err := c.startSend(now, id, len(p), end)
	if s == nil {
		return 0, err
	}
	at := len(c.out)
	last := end && n == len(p)
	pad, overhead := c.padData(s, n)
	c.out = frame.AppendDataHeader(c.out, s.id, n, last, pad)
	// The frame behind which a push may yet be put is moved then (push.go), and
	// has to be in one place.
	if movable := last && c.peer.push && !c.client; n < minPiece || c.lent == nil || movable {
		c.out = append(c.out, p[:n]...)
	} else {
		c.lend(p[:n])
	}
	c.out = frame.AppendPadding(c.out, pad)
	c.finishSend(s, n, len(p), end, at, overhead)
	return n, nil
}

func (c *Conn) lend(p string) {
	if c.lent.pieces == nil {
		c.lent.pieces = make([]Piece, 0, usualPieces)
	}
	c.lent.pieces = append(c.lent.pieces, Piece{len(c.out), p})
	c.lent.size += len(p)
}

// SwapPieces is SwapOutput for a transport that writes several runs of bytes at
// once. What is to be written is the output with the pieces in their places, in
// order, and Wrote counts both. Output and pieces are the caller's.
func (c *Conn) SwapPieces(spare []byte) (out []byte, pieces []Piece) {
	out = c.out
	c.out, c.swapped = spare[:0], spare != nil
	n := len(out)
	if c.lent != nil {
		pieces = c.lent.pieces
		n += c.lent.size
		*c.lent = lending{}
	}
	if n > 0 {
		c.handOver(n)
	}
	return out, pieces
}

// join puts the pieces into the output.
func (c *Conn) join() {
	if c.lent != nil && c.lent.size > 0 {
		c.out = AppendPieces(nil, c.out, c.lent.pieces)
		*c.lent = lending{}
	}
}

// AppendPieces appends to dst what an output with pieces in it amounts to.
func AppendPieces(dst, out []byte, pieces []Piece) []byte {
	size := len(out)
	for _, p := range pieces {
		size += len(p.Data)
	}
	dst = slices.Grow(dst, size)
	at := 0
	for _, p := range pieces {
		dst = append(dst, out[at:p.At]...)
		dst = append(dst, p.Data...)
		at = p.At
	}
	return append(dst, out[at:]...)
}

// waiting is how many bytes of output wait, to be taken or to be written.
func (c *Conn) waiting() int {
	n := len(c.out) + c.handed
	if c.lent != nil {
		n += c.lent.size
	}
	return n
}
