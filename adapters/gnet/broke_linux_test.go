package gnet

import (
	"context"
	"io"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"weft/transport"
)

// Linux tells of a reset, now and then, as an error with nothing to read, which
// gnet calls the end of input. What came before is read all the same, and then
// the reset is, unless the endpoint wants to read no more.
func TestBroke(t *testing.T) {
	const sent = 40_000
	for _, test := range []struct {
		name  string
		reset bool
		limit int // bytes the endpoint takes before it pauses
		want  transport.CloseKind
		got   int
	}{
		{"reset", true, 1 << 20, transport.CloseReset, sent},
		{"reset, paused", true, 1, transport.CloseReset, maxRead},
		{"end", false, 1 << 20, transport.CloseEOF, sent},
	} {
		t.Run(test.name, func(t *testing.T) {
			ours, peer := tcpPair(t)
			fd := descriptor(t, ours)
			ep := &taker{limit: test.limit}
			var end error
			c := newConn(ep, transport.Options{}, func(err error) { end = err })
			loops := &Loops{over: true, groups: make(map[context.Context]*group)}
			loops.join(c, context.Background())
			c.loop = &loop{loops: loops, armed: never, detached: make(map[*conn]struct{})}
			sock := &socket{fd: fd, context: c}
			c.open(sock)

			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, sent)
			io.WriteString(peer, strings.Repeat("x", sent))
			await(t, fd, unix.POLLIN)
			if test.reset {
				peer.SetLinger(0)
				peer.Close()
				await(t, fd, unix.POLLHUP)
			} else {
				peer.CloseWrite()
				await(t, fd, unix.POLLRDHUP)
			}
			(&handler{loops: loops}).OnClose(sock, io.EOF)

			if end, ok := end.(*transport.CloseError); !ok || end.Kind != test.want {
				t.Errorf("ended with %v, want %v", end, test.want)
			} else if test.reset && end.Err.Error() != "read: "+syscall.ECONNRESET.Error() {
				t.Errorf("ended because of %v", end.Err)
			}
			if ep.got != test.got {
				t.Errorf("%d bytes were received of %d", ep.got, test.got)
			}
			if (ep.cause != nil) != test.reset || ep.ends != 1 {
				t.Errorf("the endpoint was told of %d ends, the last by %v", ep.ends, ep.cause)
			}
		})
	}
}

// await waits until the socket is in a state.
func await(t *testing.T, fd int, state int16) {
	t.Helper()
	for {
		fds := []unix.PollFd{{Fd: int32(fd), Events: state}}
		switch _, err := unix.Poll(fds, 60_000); {
		case err == unix.EINTR:
		case err != nil || fds[0].Revents&state == 0:
			t.Fatalf("the socket's state is %#x, %v", fds[0].Revents, err)
		default:
			return
		}
	}
}
