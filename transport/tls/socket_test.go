package tls

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"weft/transport/internal/socktest"
)

// sockets returns a pumped socket and its peer.
func sockets(t *testing.T) (*socket, net.Conn) {
	t.Helper()
	peer, conn := socktest.Pair(t)
	t.Cleanup(func() { peer.Close(); conn.Close() })
	s := newSocket(conn)
	if s == nil {
		t.Skip("no sockets without blocking on this system")
	}
	s.pumped = true
	return s, peer
}

// What crypto/tls says by itself is bounded, however long the peer does not
// read.
func TestUnaskedRecordsAreBounded(t *testing.T) {
	s, _ := sockets(t)
	record := make([]byte, 1000)
	var err error
	for range 100_000 {
		if _, err = s.Write(record); err != nil {
			break
		}
	}
	if !errors.Is(err, errLate) {
		t.Errorf("error %v, want errLate", err)
	}
	if n := len(s.queue) - s.off + len(s.late); n > maxLate+len(record) {
		t.Errorf("%d bytes wait", n)
	}
}

// Records leave in the order they were made, also those made while others wait.
func TestRecordsStayInOrder(t *testing.T) {
	s, peer := sockets(t)
	want := make([]byte, 20<<20)
	for i := range want {
		want[i] = byte(i >> 12)
	}
	s.hold()
	for p := want; len(p) > 0; p = p[min(len(p), 16<<10):] {
		if _, err := s.Write(p[:min(len(p), 16<<10)]); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := s.flush(); all || err != nil {
		t.Fatalf("flush wrote it all: %v, %v", all, err)
	}
	late := []byte("an answer to a key update")
	s.Write(late)
	want = append(want, late...)
	got := make(chan []byte)
	go func() {
		p := make([]byte, len(want))
		io.ReadFull(peer, p)
		got <- p
	}()
	for all := false; !all; {
		var err error
		if _, all, err = s.drain(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(<-got, want) {
		t.Error("the bytes are not those written")
	}
	if s.queue != nil || s.busy {
		t.Error("an idle socket holds a buffer")
	}
}
