package byid

import (
	"math/rand/v2"
	"testing"
)

// Whatever is put and deleted, a table finds what a map does.
func TestTableIsAMap(t *testing.T) {
	for _, c := range []struct {
		name string
		id   func(r *rand.Rand, i uint32) uint32
		most int
	}{
		{"in turn", func(_ *rand.Rand, i uint32) uint32 { return 2*i + 1 }, 100},
		{"both sides'", func(_ *rand.Rand, i uint32) uint32 { return i + 1 }, 20},
		{"anything", func(r *rand.Rand, _ uint32) uint32 { return 1 + r.Uint32N(1<<31-1) }, 300},
		{"all in one place", func(_ *rand.Rand, i uint32) uint32 { return 1 + i<<15 }, 40},
		{"with gaps", func(_ *rand.Rand, i uint32) uint32 { return 1 + 2*(i*i) }, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var table Table[uint32]
			want := make(map[uint32]*uint32)
			var ids []uint32
			for i := range uint32(20000) {
				if len(ids) < c.most && r.IntN(3) > 0 {
					id := c.id(r, i)
					if want[id] == nil {
						v := id
						want[id] = &v
						table.Put(id, &v)
						ids = append(ids, id)
					}
				} else if len(ids) > 0 {
					k := r.IntN(len(ids))
					id := ids[k]
					ids = append(ids[:k], ids[k+1:]...)
					delete(want, id)
					table.Delete(id)
					table.Delete(id) // once more is no harm
					if table.Get(id) != nil {
						t.Fatalf("%d is still there", id)
					}
				}
				if table.Len() != len(want) {
					t.Fatalf("%d instead of %d", table.Len(), len(want))
				}
				if other := c.id(r, i+1); table.Get(other) != want[other] {
					t.Fatalf("%d is another's", other)
				}
				if i%100 == 0 {
					for _, id := range ids {
						if table.Get(id) != want[id] {
							t.Fatalf("%d is not found", id)
						}
					}
				}
			}
			if most := max(smallest, 4*c.most); len(table.ring) > most {
				t.Errorf("%d places for at most %d", len(table.ring), c.most)
			}
		})
	}
}

// Streams that come and go in their order have a place each, and cost nothing.
func TestNeighboursNeedNoMap(t *testing.T) {
	var table Table[int]
	id, first := uint32(1), uint32(1)
	step := func() {
		table.Put(id, new(int))
		id += 2
		if id-first > 2*100 {
			table.Delete(first)
			first += 2
		}
	}
	for range 200 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n > 1 { // the int
		t.Errorf("%v allocations", n)
	}
	if table.spill != nil {
		t.Errorf("%d are in the map", len(table.spill))
	}
}

func TestNoTable(t *testing.T) {
	var none *Table[int]
	none.Delete(1)
	if none.Get(1) != nil || none.Len() != 0 {
		t.Error("no table has something")
	}
	var empty Table[int]
	if empty.Delete(1); empty.Get(1) != nil || empty.Len() != 0 {
		t.Error("an empty table has something")
	}
}

func BenchmarkTable(b *testing.B) {
	var v [200]int
	b.Run("table", func(b *testing.B) {
		var t Table[int]
		id := uint32(1)
		for b.Loop() {
			t.Put(id, &v[0])
			if t.Get(id) == nil {
				b.Fatal(id)
			}
			if id > 200 {
				t.Delete(id - 200)
			}
			id += 2
		}
	})
	b.Run("map", func(b *testing.B) {
		t := make(map[uint32]*int)
		id := uint32(1)
		for b.Loop() {
			t[id] = &v[0]
			if t[id] == nil {
				b.Fatal(id)
			}
			if id > 200 {
				delete(t, id-200)
			}
			id += 2
		}
	})
}

// Those that stay leave room for those that come and go.
func TestManyThatStay(t *testing.T) {
	var table Table[int]
	id := uint32(1)
	for range 1000 {
		table.Put(id, new(int))
		id += 2
	}
	for range 10000 {
		table.Put(id, new(int))
		if len(table.spill) > 0 {
			t.Fatalf("%d is in the map", id)
		}
		table.Delete(id)
		id += 2
	}
}
