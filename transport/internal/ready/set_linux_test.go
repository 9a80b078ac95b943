package ready_test

import (
	"net"
	"syscall"
	"testing"

	"weft/transport/internal/ready"
	"weft/transport/internal/socktest"
)

func descriptor(t *testing.T, c net.Conn) uintptr {
	rc, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var of uintptr
	rc.Control(func(fd uintptr) { of = fd })
	return of
}

func newSet(t *testing.T) *ready.Set {
	s, err := ready.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// wait returns the next event, and fails if it is not alone.
func wait(t *testing.T, s *ready.Set, yield bool) ready.Event {
	t.Helper()
	for {
		switch evs := s.Wait(nil, yield); len(evs) {
		case 0:
			yield = false
		case 1:
			return evs[0]
		default:
			t.Fatalf("events %v, want one", evs)
		}
	}
}

// What can be read is reported once, and again when more comes; what could be
// read before it was added as well.
func TestSetReports(t *testing.T) {
	s := newSet(t)
	a, b := socktest.Pair(t)
	defer a.Close()
	defer b.Close()
	a.Write([]byte("x"))
	b.Read(make([]byte, 0))
	fd := descriptor(t, b)
	for i := range int32(3) {
		if err := s.Add(fd, 7, i); err != nil {
			t.Fatal(err)
		}
		if ev := wait(t, s, false); ev != (ready.Event{Slot: 7, Gen: i}) {
			t.Errorf("%+v", ev)
		}
		a.Write([]byte("y"))
		if ev := wait(t, s, i == 1); ev != (ready.Event{Slot: 7, Gen: i}) {
			t.Errorf("%+v", ev)
		}
		s.Ring()
		if evs := s.Wait(nil, false); len(evs) != 0 {
			t.Errorf("%v without anything new", evs)
		}
		s.Remove(fd)
		a.Write([]byte("z"))
		s.Ring()
		if evs := s.Wait(nil, false); len(evs) != 0 {
			t.Errorf("%v of a socket that was removed", evs)
		}
	}
}

// The end of the input is reported with what comes before it, or when it comes.
func TestSetReportsTheEnd(t *testing.T) {
	for _, first := range []bool{false, true} {
		s := newSet(t)
		a, b := socktest.Pair(t)
		defer b.Close()
		if first {
			a.Write([]byte("x"))
			a.Close()
		}
		if err := s.Add(descriptor(t, b), 1, 1); err != nil {
			t.Fatal(err)
		}
		if !first {
			a.Write([]byte("x"))
			wait(t, s, false)
			a.Close()
		}
		for !wait(t, s, false).Last { // a FIN may come after its data
		}
	}
}

// A Wait that gives way lets others have what the network brought them.
func TestSetYields(t *testing.T) {
	s := newSet(t)
	a, b := socktest.Pair(t)
	defer a.Close()
	defer b.Close()
	got := make(chan byte)
	go func() {
		p := make([]byte, 1)
		for {
			if _, err := b.Read(p); err != nil {
				close(got)
				return
			}
			got <- p[0]
		}
	}()
	for range 100 {
		a.Write([]byte("x"))
		for heard := false; !heard; {
			if evs := s.Wait(nil, true); len(evs) != 0 {
				t.Fatalf("%v of nothing", evs)
			}
			select {
			case <-got:
				heard = true
			default:
			}
		}
	}
	a.Close()
	<-got
}
