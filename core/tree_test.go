package core

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// checkTree verifies everything the tree's code takes for granted.
func checkTree(t *testing.T, tr *tree, maxIdle int) {
	t.Helper()
	seen, idle := 0, 0
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		if depth > len(tr.nodes)+1 {
			t.Fatal("the tree has a cycle")
		}
		kids, due := 0, 0
		for k := n.first; k != nil; k = k.next {
			kids++
			if k.parent != n {
				t.Fatalf("%d is listed under %d but has another parent", k.id, n.id)
			}
			if k.weight < 1 || k.weight > 256 {
				t.Fatalf("%d weighs %d", k.id, k.weight)
			}
			if (k.heapAt >= 0) != k.busy() {
				t.Fatalf("%d: busy is %v, heapAt is %d", k.id, k.busy(), k.heapAt)
			}
			if k.heapAt >= 0 {
				due++
				if n.due[k.heapAt] != k {
					t.Fatalf("%d is not where it says in the heap of %d", k.id, n.id)
				}
			}
			if tr.nodes[k.id] != k {
				t.Fatalf("%d is not in the index", k.id)
			}
			seen++
			if k.stream == nil {
				idle++
			}
			walk(k, depth+1)
		}
		if kids != n.kids || due != len(n.due) {
			t.Fatalf("%d counts %d children and %d due, has %d and %d", n.id, n.kids, len(n.due), kids, due)
		}
		for i := 1; i < len(n.due); i++ {
			if n.less(i, (i-1)/2) {
				t.Fatalf("the heap of %d is out of order", n.id)
			}
		}
	}
	walk(&tr.root, 0)
	if seen != len(tr.nodes) {
		t.Fatalf("%d nodes are reachable, %d known", seen, len(tr.nodes))
	}
	if idle != tr.idle || idle > maxIdle {
		t.Fatalf("%d idle nodes, counted %d, at most %d", idle, tr.idle, maxIdle)
	}
}

// TestTreeInvariants throws random priorities, streams and turns at the tree.
func TestTreeInvariants(t *testing.T) {
	const maxIdle = 20
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			c := &Conn{}
			tr := c.plant()
			var live []*stream
			next := StreamID(1)
			anyID := func() StreamID { return StreamID(rng.IntN(int(next)+20) | 1) }
			prio := func(id StreamID) Priority {
				p := Priority{Parent: anyID(), Exclusive: rng.IntN(3) == 0, Weight: rng.IntN(300) - 10}
				if rng.IntN(4) == 0 || p.Parent == id {
					p.Parent = 0
				}
				return p
			}
			for range 2000 {
				switch rng.IntN(7) {
				case 0, 1:
					s := &stream{id: next}
					next += 2
					live = append(live, s)
					tr.place(s, prio(s.id), maxIdle)
				case 2:
					id := next + StreamID(rng.IntN(20))*2
					tr.hint(id, prio(id), maxIdle)
				case 3:
					if len(live) > 0 {
						s := live[rng.IntN(len(live))]
						tr.place(s, prio(s.id), maxIdle)
					}
				case 4:
					if len(live) > 0 {
						i := rng.IntN(len(live))
						s := live[i]
						if s.node.queued {
							tr.unready(s.node)
						}
						tr.orphan(s, maxIdle)
						live = append(live[:i], live[i+1:]...)
					}
				case 5:
					if len(live) > 0 {
						if s := live[rng.IntN(len(live))]; !s.node.queued {
							tr.ready(s.node)
						}
					}
				case 6:
					if tr.root.busy() {
						s := tr.pick()
						if s == nil || !s.node.queued {
							t.Fatal("picked a stream that does not wait")
						}
						for a := s.node.parent; a != nil; a = a.parent {
							if a.queued {
								t.Fatalf("%d was picked before its ancestor %d", s.id, a.id)
							}
						}
						tr.unready(s.node)
						tr.charge(s.node, 1+rng.IntN(1<<14))
					}
				}
				checkTree(t, tr, maxIdle)
			}
		})
	}
}

// waiting makes a server with n requests that all wait for their turn.
func waiting(t *testing.T, n int, shape func(c *Conn, s *stream, i int)) *Conn {
	t.Helper()
	c, err := NewServer(time.Unix(0, 0), Config{})
	if err != nil {
		t.Fatal(err)
	}
	c.sendWindow = 1 << 30
	for i := range n {
		s := c.born(StreamID(2*i + 1))
		s.state, s.send = StateHalfClosedRemote, phaseBody
		s.sendWindow = 1 << 30
		shape(c, s, i)
		c.wait(s)
	}
	return c
}

// turns runs n turns in which every stream has always more to send.
func turns(c *Conn, n int) (order []StreamID) {
	for range n {
		s := c.pick()
		lane := s.lane
		c.pull(s)
		if lane == laneTree {
			c.tree.charge(s.node, 16<<10)
		}
		order = append(order, s.id)
		s.waiting = waitsForWindow
		c.push(s)
	}
	return order
}

func TestTurnsAreSharedByWeight(t *testing.T) {
	weights := []int{16, 32, 64, 256}
	c := waiting(t, len(weights), func(c *Conn, s *stream, i int) {
		c.plant().place(s, Priority{Weight: weights[i]}, 100)
	})
	got := make(map[StreamID]int)
	total := 16 + 32 + 64 + 256
	for _, id := range turns(c, total) {
		got[id]++
	}
	for i, w := range weights {
		if n := got[StreamID(2*i+1)]; n < w-2 || n > w+2 {
			t.Errorf("weight %d of %d got %d of %d turns", w, total, n, total)
		}
	}
}

func TestTurnsOfEqualsRotate(t *testing.T) {
	c := waiting(t, 3, func(*Conn, *stream, int) {})
	if got, want := fmt.Sprint(turns(c, 6)), "[1 3 5 1 3 5]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTurnsByUrgency(t *testing.T) {
	fields := []string{"u=5", "u=1, i", "u=1, i", "u=0", "u=0"}
	c := waiting(t, len(fields), func(c *Conn, s *stream, i int) {
		s.applySignal(parsePriorityField(fields[i]))
	})
	// Not incremental: one after the other, by id. Then the incremental ones
	// share, and the least urgent goes last.
	want := []StreamID{7, 7, 9, 9, 3, 5, 3, 5, 1, 1}
	for i, id := range want {
		s := c.pick()
		if s.id != id {
			t.Fatalf("turn %d went to %d, want %d", i, s.id, id)
		}
		c.pull(s)
		s.waiting = waitsForWindow
		if i != 1 && i != 3 && i != 6 && i != 7 && i != 9 {
			c.push(s)
		}
	}
}

func TestParsePriorityField(t *testing.T) {
	for _, tt := range []struct {
		value       string
		urgency     uint8
		incremental bool
		ok          bool
	}{
		{"", 3, false, true},
		{"u=0", 0, false, true},
		{"u=7, i", 7, true, true},
		{"i,u=1", 1, true, true},
		{"i=?0, u=2", 2, false, true},
		{"i=?1", 3, true, true},
		{"u=8", 3, false, true},      // out of range
		{"u=1.5", 3, false, true},    // wrong type
		{"u=-1", 3, false, true},     // out of range
		{"i=2", 3, false, true},      // wrong type
		{"u=1, u=4", 4, false, true}, // the last wins
		{"x=\"a,u=1\", u=5", 5, false, true},
		{"u=2;p=1, i;q", 2, true, true},
		{"U=1", 3, false, false},
		{"=1", 3, false, false},
		{"1", 3, false, false},
	} {
		g := parsePriorityField(tt.value)
		if g.ok != tt.ok || g.ok && (g.urgency != tt.urgency || g.incremental != tt.incremental) {
			t.Errorf("%q: got %+v, want u=%d i=%v ok=%v", tt.value, g, tt.urgency, tt.incremental, tt.ok)
		}
	}
}
