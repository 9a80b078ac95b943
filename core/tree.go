package core

// tree is the dependency tree of RFC 7540 §5.3. It exists only for peers that
// send priorities of that kind. Streams queued in it are picked by weighted
// fair queueing: a parent before its children, siblings in proportion to their
// weights. Ids without a stream may group others; how many of those are kept
// is bounded, and so is the tree's depth.
type tree struct {
	nodes map[StreamID]*node
	root  node
	// Nodes without a stream, oldest first.
	idleHead, idleTail *node
	idle               int
	free               *node // recycled, linked by next
}

type node struct {
	id     StreamID
	stream *stream // nil: idle or closed
	parent *node
	weight int // 1..256

	// Children, as a list.
	first      *node
	prev, next *node
	kids       int

	// Weighted fair queueing among those children that have someone to serve.
	queued bool    // this node's own stream waits for its turn
	due    []*node // children with someone queued below: a heap by vtime
	heapAt int     // where this node is in its parent's heap, -1 if it is not
	vtime  uint64  // service received, divided by weight
	clock  uint64  // the vtime of the child picked last

	idlePrev, idleNext *node
}

const defaultWeight = 16

// maxDepth bounds the way up from any node, and so the work of a turn.
const maxDepth = 64

// maxAdopted bounds the work of one exclusive dependency: a parent of more
// children keeps them.
const maxAdopted = 256

func clampWeight(w int) int { return min(max(w, 1), 256) }

// plant returns the tree, made at its first use.
func (c *Conn) plant() *tree {
	if c.tree == nil {
		c.tree = &tree{nodes: make(map[StreamID]*node)}
		c.tree.root.weight = defaultWeight
		c.tree.root.heapAt = -1
	}
	return c.tree
}

// place puts a stream where p says.
func (t *tree) place(s *stream, p Priority, maxIdle int) {
	n := t.nodes[s.id]
	if n == nil {
		n = t.add(s.id)
	} else if n.stream == nil {
		t.dropIdle(n)
	}
	n.stream, s.node = s, n
	t.move(n, p)
}

// hint prioritises an id that has no stream: one to come, or a mere group.
func (t *tree) hint(id StreamID, p Priority, maxIdle int) {
	n := t.nodes[id]
	if n == nil {
		n = t.add(id)
		t.keepIdle(n, maxIdle)
	}
	t.move(n, p)
}

// adopt gives a new stream the place that was prepared for its id, if any.
func (t *tree) adopt(s *stream) {
	if n := t.nodes[s.id]; n != nil && n.stream == nil {
		t.dropIdle(n)
		n.stream, s.node = s, n
	}
}

// orphan leaves a closed stream's node behind, so that others may go on
// depending on it (RFC 7540 §5.3.4).
func (t *tree) orphan(s *stream, maxIdle int) {
	n := s.node
	n.stream, s.node = nil, nil
	t.keepIdle(n, maxIdle)
}

func (t *tree) add(id StreamID) *node {
	n := t.free
	if n != nil {
		t.free = n.next
		*n = node{due: n.due[:0]}
	} else {
		n = new(node)
	}
	n.id, n.weight, n.heapAt = id, defaultWeight, -1
	t.nodes[id] = n
	t.link(n, &t.root)
	return n
}

func (t *tree) keepIdle(n *node, maxIdle int) {
	n.idlePrev = t.idleTail
	if t.idleTail == nil {
		t.idleHead = n
	} else {
		t.idleTail.idleNext = n
	}
	t.idleTail = n
	t.idle++
	for t.idle > maxIdle {
		t.remove(t.idleHead)
	}
}

func (t *tree) dropIdle(n *node) {
	if n.idlePrev == nil {
		t.idleHead = n.idleNext
	} else {
		n.idlePrev.idleNext = n.idleNext
	}
	if n.idleNext == nil {
		t.idleTail = n.idlePrev
	} else {
		n.idleNext.idlePrev = n.idlePrev
	}
	n.idlePrev, n.idleNext = nil, nil
	t.idle--
}

// remove takes a node without a stream out. Its children move up and share its
// weight (RFC 7540 §5.3.4).
func (t *tree) remove(n *node) {
	t.dropIdle(n)
	total := 0
	for k := n.first; k != nil; k = k.next {
		total += k.weight
	}
	for n.first != nil {
		k := n.first
		k.weight = clampWeight(n.weight * k.weight / total)
		t.relink(k, n.parent)
	}
	t.unlink(n)
	delete(t.nodes, n.id)
	n.next, t.free = t.free, n
}

// move applies a priority: RFC 7540 §5.3.3.
func (t *tree) move(n *node, p Priority) {
	n.weight = clampWeight(p.Weight)
	parent := &t.root
	if p.Parent != 0 {
		if parent = t.nodes[p.Parent]; parent == nil {
			// RFC 7540 §5.3.1: "A dependency on a stream that is not currently
			// in the tree ... results in that stream being given a default
			// priority".
			parent, p = &t.root, Priority{Weight: defaultWeight}
			n.weight = defaultWeight
		}
	}
	if parent == n {
		return
	}
	depth := 0
	for a := parent; a != nil; a = a.parent {
		if a == n {
			// The new parent is below n: it first takes n's place.
			t.relink(parent, n.parent)
			break
		}
		if depth++; depth > maxDepth {
			parent = &t.root
			break
		}
	}
	if p.Exclusive && parent.kids <= maxAdopted {
		for k := parent.first; k != nil; {
			next := k.next
			if k != n {
				t.relink(k, n)
			}
			k = next
		}
	}
	t.relink(n, parent)
}

// relink moves a node with all below it, and with the service it is due.
func (t *tree) relink(n, parent *node) {
	if n.parent == parent {
		return
	}
	t.unlink(n)
	t.link(n, parent)
}

func (t *tree) link(n, parent *node) {
	n.parent, n.prev, n.next = parent, nil, parent.first
	if parent.first != nil {
		parent.first.prev = n
	}
	parent.first = n
	parent.kids++
	if n.busy() {
		t.enter(n)
	}
}

func (t *tree) unlink(n *node) {
	if n.heapAt >= 0 {
		t.exit(n)
	}
	if n.prev == nil {
		n.parent.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	n.parent.kids--
	n.parent, n.prev, n.next = nil, nil, nil
}

// busy reports whether somebody is queued in the node or below it.
func (n *node) busy() bool { return n.queued || len(n.due) > 0 }

// ready queues a node's stream.
func (t *tree) ready(n *node) {
	was := n.busy()
	n.queued = true
	if !was {
		t.enter(n)
	}
}

// unready undoes ready.
func (t *tree) unready(n *node) {
	n.queued = false
	if !n.busy() && n.heapAt >= 0 {
		t.exit(n)
	}
}

// enter puts a node that became busy into the heaps above it.
func (t *tree) enter(n *node) {
	for p := n.parent; p != nil && n.heapAt < 0; n, p = p, p.parent {
		was := p.busy()
		// Nobody saves up service while having nothing to send.
		n.vtime = max(n.vtime, p.clock)
		n.heapAt = len(p.due)
		p.due = append(p.due, n)
		p.up(n.heapAt)
		if was {
			return
		}
	}
}

// exit takes a node out of its parent's heap, and the parent out of its own if
// nobody is left there.
func (t *tree) exit(n *node) {
	for p := n.parent; p != nil; n, p = p, p.parent {
		i, last := n.heapAt, len(p.due)-1
		p.swap(i, last)
		p.due[last] = nil
		p.due = p.due[:last]
		n.heapAt = -1
		if i < last {
			p.down(i)
			p.up(i)
		}
		if p.busy() {
			return
		}
	}
}

// pick finds the stream whose turn it is, from the root down.
func (t *tree) pick() *stream {
	n := &t.root
	for !n.queued {
		n = n.due[0]
	}
	return n.stream
}

// charge books service of size bytes on the way up from a node that was
// picked. It may have left the heaps meanwhile.
func (t *tree) charge(n *node, size int) {
	for p := n.parent; p != nil; n, p = p, p.parent {
		p.clock = max(p.clock, n.vtime)
		n.vtime += uint64(size)*256/uint64(n.weight) + 1
		if n.heapAt >= 0 {
			p.down(n.heapAt)
		}
	}
}

// The heap of due children. Equal service goes by id, so that the order does
// not depend on history.
func (n *node) less(i, j int) bool {
	a, b := n.due[i], n.due[j]
	if a.vtime != b.vtime {
		return a.vtime < b.vtime
	}
	return a.id < b.id
}

func (n *node) swap(i, j int) {
	n.due[i], n.due[j] = n.due[j], n.due[i]
	n.due[i].heapAt, n.due[j].heapAt = i, j
}

func (n *node) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !n.less(i, parent) {
			return
		}
		n.swap(i, parent)
		i = parent
	}
}

func (n *node) down(i int) {
	for {
		k := 2*i + 1
		if k >= len(n.due) {
			return
		}
		if k+1 < len(n.due) && n.less(k+1, k) {
			k++
		}
		if !n.less(k, i) {
			return
		}
		n.swap(i, k)
		i = k
	}
}
