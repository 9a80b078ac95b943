package gnet

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weft/transport"
)

const (
	leastFrame = 9
	mostFrames = 1024 // that one turn of a loop handles of a connection
)

// frames is how many frames end within n bytes, at most.
func frames(n int) int { return (n - 1 + leastFrame) / leastFrame }

// While one connection has the loop it is given a bounded number of frames, those
// included that it is told between two writes.
func TestFramesOfATurn(t *testing.T) {
	ours, peer := tcpPair(t)
	fd := descriptor(t, ours)
	loops := &Loops{over: true, groups: make(map[context.Context]*group)}
	ep := &talker{taker: taker{limit: 1 << 30}}
	c := newConn(ep, transport.Options{}, func(error) {})
	loops.join(c, t.Context())
	c.loop = &loop{loops: loops, armed: never, detached: make(map[*conn]struct{}), bell: -1}
	c.open(&socket{fd: fd, context: c})
	peer.Write(make([]byte, 64<<10))
	for name, visit := range map[string]func(){
		"that begins with a read": func() { c.receive(make([]byte, maxRead)) },
		"that goes on":            func() { c.attend(time.Now()) },
	} {
		before := ep.got
		visit()
		if n := ep.got - before; n <= maxRead && name == "that begins with a read" || n == 0 {
			t.Errorf("in a turn %s nothing was heard", name)
		} else if frames(n) > mostFrames {
			t.Errorf("a turn %s may have %d frames, at most %d were expected", name, frames(n), mostFrames)
		}
	}
}

// talker is an endpoint that always has something to say.
type talker struct {
	taker
	out []byte
}

func (e *talker) Due() bool         { return true }
func (e *talker) Advance(time.Time) { e.out = []byte("more") }
func (e *talker) SwapOutput([]byte) []byte {
	out := e.out
	e.out = nil
	return out
}

// A connection that was sent much at a time, and perhaps all, does not have all
// of it before another of its loop has what it was sent.
func TestMuchAtATime(t *testing.T) {
	const much = 60_000
	for name, last := range map[string]bool{"more may come": false, "the end": true} {
		t.Run(name, func(t *testing.T) {
			loops := oneLoop(t)
			ended, heard := make(chan error, 1), make(chan int, 1)
			busy := &holder{taker: taker{limit: 1 << 30}, entered: make(chan bool), release: make(chan bool)}
			first, peer := carry(t, loops, busy, func(err error) { ended <- err })
			other := &teller{tell: func() { heard <- busy.got }}
			second, another := carry(t, loops, other, func(error) {})
			fds := [2]int{int(first.fd), int(second.fd)}

			peer.Write([]byte{1})
			<-busy.entered
			unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_RCVLOWAT, much)
			peer.Write(make([]byte, much))
			await(t, fds[0], unix.POLLIN)
			if last {
				peer.CloseWrite()
				await(t, fds[0], unix.POLLRDHUP)
			}
			another.Write([]byte{1})
			await(t, fds[1], unix.POLLIN)
			unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_RCVLOWAT, 1)
			close(busy.release)

			if n := <-heard - 1; frames(n) > mostFrames {
				t.Errorf("the other waited for as many as %d frames, at most %d were expected", frames(n), mostFrames)
			}
			peer.CloseWrite()
			var end *transport.CloseError
			if err := <-ended; !errors.As(err, &end) || end.Kind != transport.CloseEOF {
				t.Errorf("ended with %v", err)
			}
			if busy.got != 1+much || busy.ends != 1 || busy.cause != nil {
				t.Errorf("received %d bytes of %d and %d ends, %v", busy.got, 1+much, busy.ends, busy.cause)
			}
		})
	}
}

// holder is an endpoint whose first turn waits.
type holder struct {
	taker
	entered, release chan bool
}

func (e *holder) Receive(now time.Time, p []byte) {
	if e.got == 0 {
		close(e.entered)
		<-e.release
	}
	e.taker.Receive(now, p)
}
func (e *holder) ReadPaused() bool { return false }

// teller is an endpoint that tells when it receives something.
type teller struct {
	taker
	tell func()
}

func (e *teller) Receive(time.Time, []byte) { e.tell() }
func (e *teller) ReadPaused() bool          { return false }
