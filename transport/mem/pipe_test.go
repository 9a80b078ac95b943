package mem_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"weft/transport/mem"
)

// The tests every net.Conn has to pass.
func TestPipeIsAConn(t *testing.T) {
	nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
		c, d := mem.Pipe()
		return c, d, func() { c.Close(); d.Close() }, nil
	})
}

func TestPipeHalfClose(t *testing.T) {
	a, b := mem.Pipe()
	io.WriteString(a, "question")
	a.CloseWrite()
	if text, err := io.ReadAll(b); string(text) != "question" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := io.WriteString(a, "more"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing after CloseWrite: %v", err)
	}
	io.WriteString(b, "answer")
	b.Close()
	if text, err := io.ReadAll(a); string(text) != "answer" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading after Close: %v", err)
	}
	if _, err := io.WriteString(b, "x"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing after Close: %v", err)
	}
	if err := b.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closing twice: %v", err)
	}
}

func TestPipePeerClosed(t *testing.T) {
	a, b := mem.Pipe()
	b.Close()
	if _, err := a.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing to who closed: %v", err)
	}
}

func TestPipeReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mem.Pipe()
		io.WriteString(a, "lost")
		waiting := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			waiting <- err
		}()
		synctest.Wait()
		b.Reset()
		if err := <-waiting; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a Read that waited: %v", err)
		}
		if _, err := a.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("writing: %v", err)
		}
		if _, err := b.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading at the end that did it: %v", err)
		}
	})
}

func TestPipeBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mem.PipeSize(10)
		a.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := a.Write(make([]byte, 15))
		if n != 10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d, %v, want 10 and a timeout", n, err)
		}
		a.SetWriteDeadline(time.Time{})
		go a.Write(make([]byte, 25))
		if n, err := io.ReadFull(b, make([]byte, 35)); err != nil {
			t.Errorf("read %d, %v", n, err)
		}
	})
}

func TestListener(t *testing.T) {
	l := mem.Listen()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(conn, "hello")
		conn.Close()
	}()
	conn, err := l.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(conn); string(text) != "hello" {
		t.Errorf("read %q", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Dial(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("dialling with a canceled context: %v", err)
	}
	l.Close()
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepting after Close: %v", err)
	}
	if _, err := l.Dial(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dialling after Close: %v", err)
	}
}

func ExamplePipe() {
	client, server := mem.Pipe()
	go func() {
		question, _ := io.ReadAll(server)
		fmt.Fprintf(server, "%s? yes", question)
		server.Close()
	}()
	io.WriteString(client, "half-close")
	client.CloseWrite()
	answer, _ := io.ReadAll(client)
	fmt.Printf("%s\n", answer)
	// Output: half-close? yes
}
