package tls

import (
	"errors"
	"net"
	"os"
	"sync"

	"weft/transport/internal/pool"
	"weft/transport/internal/raw"
)

// socket is what crypto/tls reads and writes. Until it is pumped it is the
// connection below. Then it never blocks: reads give what fetch brought, writes
// collect in queue, and the wire above decides when to wait.
type socket struct {
	net.Conn
	raw    *raw.Sock
	pumped bool

	// Input, of the goroutine that reads.
	in    *pool.Input // nil when all of it was read
	rest  []byte      // of in
	inErr error       // what follows
	full  bool        // the last fetch took as much as it could

	mu      sync.Mutex
	queue   []byte // records to be written; queue[:off] has been
	off     int
	late    []byte // records made while queue is being written by drain
	holding bool   // a turn's records are being made: write them together
	outErr  error
	busy    bool // drain is at it, and queue and raw's write side are its own
}

const (
	// together is how much is collected before it is written all the same.
	together = 64 << 10
	// maxLate bounds what crypto/tls says by itself, answers to key updates
	// above all, while the peer reads nothing.
	maxLate = 4 << 10
)

var errLate = errors.New("weft/tls: the peer asks for more key updates than it reads")

// newSocket returns nil for a connection that can only block.
func newSocket(conn net.Conn) *socket {
	s, ok := raw.New(conn)
	if !ok {
		return nil
	}
	return &socket{Conn: conn, raw: s}
}

// errNothing makes crypto/tls return from a Read without harm to its state:
// that is how it treats a deadline.
var errNothing = os.ErrDeadlineExceeded

// Read is called by crypto/tls.
func (s *socket) Read(p []byte) (int, error) {
	if !s.pumped {
		return s.Conn.Read(p)
	}
	if s.in == nil {
		if s.inErr != nil {
			return 0, s.inErr
		}
		return 0, errNothing
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if len(s.rest) == 0 {
		pool.PutInput(s.in)
		s.in = nil
	}
	return n, nil
}

// fetch waits for input, and reports false if it was interrupted. What was
// fetched before must have been read.
func (s *socket) fetch() bool { return s.fetched(s.raw.Read()) }

// poll is a fetch that reports false where it would wait.
func (s *socket) poll() bool { return s.fetched(s.raw.TryRead()) }

func (s *socket) fetched(in *pool.Input, n int, err error) bool {
	s.full = n == len(in)
	switch {
	case err != nil:
		s.inErr = err
	case in == nil:
		return false
	default:
		s.in, s.rest = in, in[:n]
	}
	return true
}

// Write is called by crypto/tls, which has no other Write at the same time.
func (s *socket) Write(p []byte) (int, error) {
	if !s.pumped {
		return s.Conn.Write(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.outErr != nil:
		return 0, s.outErr
	case s.holding:
		s.append(p)
		if len(s.queue)-s.off >= together {
			s.try()
		}
	case len(s.late)+len(p) > maxLate:
		s.outErr = errLate
	case s.busy:
		s.late = append(s.late, p...)
	default:
		s.append(p)
		s.try()
		if len(s.queue)-s.off > maxLate {
			s.outErr = errLate
		}
	}
	if s.outErr != nil {
		return 0, s.outErr
	}
	return len(p), nil
}

func (s *socket) append(p []byte) {
	if s.queue == nil {
		s.queue = pool.GetOutput()
	}
	s.queue = append(s.queue, p...)
}

// try writes what can be without blocking. mu is held.
func (s *socket) try() {
	n, err := s.raw.TryWrite(s.queue[s.off:])
	s.wrote(n, err)
}

// wrote notes that n bytes of queue were written. mu is held.
func (s *socket) wrote(n int, err error) {
	s.off += n
	if s.off == len(s.queue) {
		pool.PutOutput(s.queue)
		s.queue, s.off = nil, 0
	}
	if err != nil && s.outErr == nil {
		s.outErr = err
	}
}

// hold begins and flush ends the collecting of records. flush reports whether
// all of them were written.
func (s *socket) hold() {
	s.mu.Lock()
	s.holding = true
	s.mu.Unlock()
}

func (s *socket) flush() (all bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = false
	if len(s.queue) > 0 && s.outErr == nil {
		s.try()
	}
	s.busy = len(s.queue) > 0
	return !s.busy, s.outErr
}

// drain waits until more records can be written.
func (s *socket) drain() (n int, all bool, err error) {
	s.mu.Lock()
	out := s.queue[s.off:]
	s.mu.Unlock()
	n, err = s.raw.Write(out) // as busy says, nobody else writes
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote(n, err)
	if len(s.queue) == 0 && len(s.late) > 0 {
		s.queue, s.late = s.late, nil
	}
	s.busy = len(s.queue) > 0
	return n, !s.busy, s.outErr
}

// closeWrite ends the output of the connection below.
func (s *socket) closeWrite() error {
	if c, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}
