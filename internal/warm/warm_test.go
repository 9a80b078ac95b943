package warm

import (
	"runtime"
	"testing"
	"unsafe"
)

// Whatever is asked for, nothing is changed and nothing breaks.
func TestUpAndBehind(t *testing.T) {
	type record struct {
		p *[1000]byte
		x [300]byte
	}
	r := &record{p: new([1000]byte)}
	r.x[7], r.p[999] = 1, 2
	Up(r)
	Up(&r.x[299])
	Up[record](nil)
	Behind(r, 1000)
	if r.x[7] != 1 || r.p[999] != 2 {
		t.Error("something was changed")
	}
	for _, nowhere := range []uintptr{0, 1, 63, ^uintptr(0) - 200, 1 << 30} {
		Behind(&nowhere, 192)
	}
	small := byte(1)
	Behind(&small, 192)
	runtime.KeepAlive(r)
}

var sink byte

// What was asked for is there when it is looked at; what was not has to be waited
// for.
func BenchmarkUp(b *testing.B) {
	const n = 1 << 16
	records := make([][line * 16]byte, n)
	for i := range records {
		records[i][0] = 0 // or else there is no memory yet
	}
	for _, asked := range []bool{false, true} {
		name := "not asked for"
		if asked {
			name = "asked for"
		}
		b.Run(name, func(b *testing.B) {
			at := uint32(1)
			var batch [32]*[line * 16]byte
			for range b.N {
				for i := range batch {
					at = at*1664525 + 1013904223
					batch[i] = &records[at>>16]
					if asked {
						Up(batch[i])
					}
				}
				for _, r := range batch {
					next := 0
					for range 16 { // each line tells which is next
						next = (next + line + int(r[next])) % int(unsafe.Sizeof(*r))
					}
					sink += byte(next)
				}
			}
		})
	}
}
