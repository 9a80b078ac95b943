package mem

import (
	"net"
	"os"
	"syscall"
	"time"

	"weft/transport"
)

// DefaultBuffer is how many bytes each direction of a Pipe holds.
const DefaultBuffer = 64 << 10

// Addr is the address of a Conn.
type Addr string

// Network returns "mem".
func (Addr) Network() string { return "mem" }

// String returns the address.
func (a Addr) String() string { return string(a) }

// Conn is one end of a pipe. Its methods may be called from any goroutine.
type Conn struct {
	in, out       *half
	local, remote Addr
}

var (
	_ net.Conn        = (*Conn)(nil)
	_ transport.Wired = (*Conn)(nil)
)

// Pipe returns the two ends of a connection, with DefaultBuffer.
func Pipe() (*Conn, *Conn) { return PipeSize(DefaultBuffer) }

// PipeSize returns the two ends of a connection that holds up to size bytes in
// each direction, at least 1.
func PipeSize(size int) (*Conn, *Conn) {
	ab, ba := newHalf(max(1, size)), newHalf(max(1, size))
	return &Conn{ba, ab, "a", "b"}, &Conn{ab, ba, "b", "a"}
}

// Read reads what there is, and waits if there is nothing.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.opError("read", err)
}

// Write writes all of p, and waits for room.
func (c *Conn) Write(p []byte) (int, error) {
	n := 0
	for {
		m, err := c.out.write(p[n:], true)
		n += m
		if err != nil || n == len(p) {
			return n, c.opError("write", err)
		}
	}
}

// CloseWrite ends the output: the peer reads what was written and then io.EOF.
func (c *Conn) CloseWrite() error {
	return c.opError("close", c.out.endWriting(syscall.EPIPE))
}

// Close ends both directions. The peer still reads what was written, then
// io.EOF; its writes fail with EPIPE.
func (c *Conn) Close() error {
	err := c.out.endWriting(net.ErrClosed)
	c.in.endReading()
	return c.opError("close", err)
}

// Reset ends both directions at once: what was not read yet is lost, and the
// peer's reads and writes fail with ECONNRESET.
func (c *Conn) Reset() {
	c.out.reset(net.ErrClosed, syscall.ECONNRESET)
	c.in.reset(syscall.ECONNRESET, net.ErrClosed)
}

// LocalAddr returns a made-up address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the made-up address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline is that of net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	c.SetWriteDeadline(t)
	return nil
}

// SetReadDeadline is that of net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

// SetWriteDeadline is that of net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

func (c *Conn) opError(op string, err error) error {
	if no, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, no)
	} else if err != net.ErrClosed && err != os.ErrDeadlineExceeded {
		return err
	}
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}
