package events

import "testing"

// A queue of requests that is never empty stays as small as it was.
func TestCrewQueueStaysSmall(t *testing.T) {
	var c crew
	w := new(worker)
	const waiting = 100
	for range waiting {
		c.put(job{req: &Request{st: new(ServerStream)}})
	}
	taken := make(map[*Request]bool)
	for range 10000 {
		c.put(job{req: &Request{st: new(ServerStream)}})
		j, ok := c.next(w)
		if !ok || taken[j.req] {
			t.Fatal("a request is lost, or there twice")
		}
		taken[j.req] = true
	}
	if n := len(c.jobs) - c.head; n != waiting || cap(c.jobs) > 4*waiting {
		t.Errorf("%d jobs wait in a queue for %d", n, cap(c.jobs))
	}
}

// A session that rests keeps no room for requests, but those that wait all the
// same.
func TestCrewAtRest(t *testing.T) {
	c := new(crew)
	s := &Session{crew: c}
	for range 100 {
		c.put(job{req: &Request{st: new(ServerStream)}})
	}
	w := new(worker)
	for left := len(c.jobs); left > 0; left-- {
		if s.slim(); len(c.jobs)-c.head != left {
			t.Fatalf("%d requests are left of %d", len(c.jobs)-c.head, left)
		}
		c.next(w)
	}
	if s.slim(); cap(c.jobs) > 0 {
		t.Errorf("room for %d requests is kept", cap(c.jobs))
	}
}

// What is taken in small steps from much does not have the rest moved each time,
// and the storage stays in proportion to what it holds.
func TestFifoMovesLittle(t *testing.T) {
	const held, step = 1 << 20, 64
	q := new(fifo)
	q.add(make([]byte, held))
	moved, piece := 0, make([]byte, step)
	for i := range 4 * held / step {
		q.take(step)
		off := q.off
		piece[0] = byte(i)
		if q.add(piece); q.off == 0 && off > 0 {
			moved += q.len()
		}
		if q.len() != held {
			t.Fatal(q.len(), "bytes")
		}
	}
	if moved > 8*held {
		t.Errorf("%d bytes were moved for %d", moved, 4*held)
	}
	if cap(q.b) > 3*held {
		t.Errorf("%d bytes are kept in %d", held, cap(q.b))
	}
	last := 4*held/step - held/step
	for i := range held / step {
		if got := q.first().b[0]; got != byte(last+i) {
			t.Fatalf("piece %d is %d", i, got)
		}
		q.take(step)
	}
}
