// Package byid finds what belongs to a stream by the stream's id, faster than a
// map does.
//
// Streams are opened with rising ids, two apart, and most end soon: those that
// are open at a time are nearly neighbours. So they stand in a ring, and no two
// neighbours have the same place. Neighbours that stay, as a thousand downloads
// do, are spread over the ring, so that those that come and go find one of the
// few places beside their own free; and only what does not, as ids that a peer
// chose to that end, is in a map.
package byid

import "math/bits"

// Table holds a *T for each of a set of ids, which are not 0. A nil Table is
// empty, and must not be put into.
type Table[T any] struct {
	ring  []place[T]    // its length is a power of two
	spill map[uint32]*T // whose place was taken
	n     int
}

type place[T any] struct {
	id uint32 // 0: free
	v  *T
}

const (
	smallest = 8 // places of a ring

	// beside is how many places an id may have, in one line of a cache.
	beside = 4
)

// Len returns how many there are.
func (t *Table[T]) Len() int {
	if t == nil {
		return 0
	}
	return t.n
}

// Get returns what belongs to the id, nil if nothing does.
func (t *Table[T]) Get(id uint32) *T {
	if t == nil {
		return nil
	}
	if p := t.find(id); p != nil {
		return p.v
	}
	return t.spill[id]
}

// find returns the place where an id stands, nil if that is not in the ring.
func (t *Table[T]) find(id uint32) *place[T] {
	home := t.home(id)
	if uint(home|beside-1) >= uint(len(t.ring)) {
		return nil // there is no ring
	}
	for k := range beside {
		if p := &t.ring[home^k]; p.id == id {
			return p
		}
	}
	return nil
}

// home is where an id stands if nothing else does. Neighbours go from line to
// line, and then to the next place of each: so as many as there are places have
// one each, and half as many leave half of every line.
func (t *Table[T]) home(id uint32) int {
	lines := len(t.ring) / beside
	i := int(id >> 1)
	return i&(lines-1)*beside | i>>bits.TrailingZeros(uint(lines))&(beside-1)
}

// Put adds v, which is not nil, for an id that has nothing yet.
func (t *Table[T]) Put(id uint32, v *T) {
	if t.n++; 2*t.n > len(t.ring) {
		t.grow()
	}
	t.put(id, v)
}

func (t *Table[T]) put(id uint32, v *T) {
	home := t.home(id)
	for k := range beside {
		if p := &t.ring[home^k]; p.id == 0 {
			p.id, p.v = id, v
			return
		}
	}
	if t.spill == nil {
		t.spill = make(map[uint32]*T)
	}
	t.spill[id] = v
}

func (t *Table[T]) grow() {
	ring, spill := t.ring, t.spill
	t.ring, t.spill = make([]place[T], max(smallest, 2*len(ring))), nil
	for _, p := range ring {
		if p.id != 0 {
			t.put(p.id, p.v)
		}
	}
	for id, v := range spill { // in any order: each is found wherever it stands
		t.put(id, v)
	}
}

// Delete forgets what belongs to the id.
func (t *Table[T]) Delete(id uint32) {
	if t == nil {
		return
	}
	if p := t.find(id); p != nil {
		*p = place[T]{}
		t.n--
		return
	}
	if _, ok := t.spill[id]; !ok {
		return
	}
	t.n--
	if delete(t.spill, id); len(t.spill) == 0 {
		t.spill = nil
	}
}
