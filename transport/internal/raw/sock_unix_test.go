//go:build unix

package raw

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A connection whose descriptor somebody has asked for, after which it blocks,
// is read and written without blocking all the same.
func TestSockOfABlockingDescriptor(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			addr := "127.0.0.1:0"
			if network == "unix" {
				addr = filepath.Join(t.TempDir(), "s")
			}
			l, err := net.Listen(network, addr)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			conn, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			filer := conn.(interface {
				syscall.Conn
				File() (f *os.File, err error)
			})
			f, err := filer.File()
			if err != nil {
				t.Fatal(err)
			}
			f.Fd()
			f.Close()
			s, ok := New(conn)
			if !ok {
				t.Fatal("it is no socket")
			}
			rc, err := filer.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			rc.Control(func(fd uintptr) {
				flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
				if e != 0 || flags&syscall.O_NONBLOCK == 0 {
					t.Fatalf("flags %#x, %v: it blocks", flags, e)
				}
			})
			if in, n, err := s.TryRead(); in != nil || n != 0 || err != nil {
				t.Errorf("TryRead: %d bytes, %v", n, err)
			}
			if n, err := s.TryWrite([]byte("x")); n != 1 || err != nil {
				t.Errorf("TryWrite: %d bytes, %v", n, err)
			}
		})
	}
}
