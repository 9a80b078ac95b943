package fuzz

import "encoding/binary"

// A tape is the fuzzer's bytes, read as a program. Behind its end are zeros.
type tape struct{ b []byte }

func (t *tape) done() bool { return len(t.b) == 0 }

func (t *tape) byte() byte {
	if len(t.b) == 0 {
		return 0
	}
	x := t.b[0]
	t.b = t.b[1:]
	return x
}

func (t *tape) bool() bool { return t.byte()&1 == 1 }

func (t *tape) below(n int) int { return int(t.byte()) % n }

func (t *tape) uint16() uint16 { return uint16(t.byte())<<8 | uint16(t.byte()) }

func (t *tape) uint32() uint32 { return uint32(t.uint16())<<16 | uint32(t.uint16()) }

// take cuts n bytes off, or as many as there are.
func (t *tape) take(n int) []byte {
	n = min(n, len(t.b))
	p := t.b[:n:n]
	t.b = t.b[n:]
	return p
}

// choose picks one of list, or of what the tape says when it points behind it.
func choose[T any](t *tape, list []T, other func() T) T {
	if i := int(t.byte()); i < len(list) {
		return list[i]
	}
	return other()
}

// pick picks one of list.
func pick[T any](t *tape, list []T) T { return list[t.below(len(list))] }

// size picks a number of bytes, preferring those at which something changes.
func (t *tape) size() int {
	return choose(t, []int{
		0, 1, 2, 7, 8, 9, 10, 100, 255, 256, 257, 1000, 4095, 4096, 16375, 16383, 16384, 16385,
		32767, 32768, 49152, 65535, 65536, 100000,
	}, func() int { return int(t.uint16()) })
}

// number picks a 32-bit number, preferring those at which something changes.
func (t *tape) number() uint32 {
	return choose(t, []uint32{
		0, 1, 2, 3, 4, 100, 255, 256, 1000, 4096, 16383, 16384, 65534, 65535, 65536, 100000, 1 << 20,
		1<<24 - 1, 1 << 24, 1<<31 - 65536, 1<<31 - 2, 1<<31 - 1, 1 << 31, 1<<32 - 1,
	}, t.uint32)
}

// chooser hands out bits of a number, for configurations.
type chooser uint64

func (c *chooser) next(n uint64) int {
	x := uint64(*c) % n
	*c = chooser(uint64(*c) / n)
	return int(x)
}

func (c *chooser) bool() bool { return c.next(2) == 1 }

// The pattern of body bytes: each says which stream and direction it belongs
// to and where it stands, so that a lost, doubled or misplaced one shows.
func pattern(client bool, id uint32, offset int64, n int) []byte {
	p := make([]byte, n)
	x := uint64(id)<<1 | 1
	if client {
		x ^= 0xa5a5
	}
	for i := range p {
		at := uint64(offset) + uint64(i)
		p[i] = byte((at>>8)*31 + at*7 + x*13)
	}
	return p
}

// be is a number in n bytes, for frames made by hand.
func be(n int, v uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return b[8-n:]
}
