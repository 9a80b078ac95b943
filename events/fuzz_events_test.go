package events_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzEvents reads the fuzzer's bytes as a program for both sides of a link:
// calls from callbacks and between them, and what befalls the link. Whatever it
// does,
//
//   - every stream and every session closes once, and emits nothing after that;
//   - no callback runs inside another of its session;
//   - bytes arrive as they were written, and a message that is complete has all
//     of them; one that was accepted arrives, or one of the sides says it does
//     not;
//   - neither side accuses the other of breaking the protocol;
//   - unless the connection broke, everything comes to an end once all is ended
//     and read;
//   - nothing is kept in the end;
//   - the same program does the same again.
func FuzzEvents(f *testing.F) {
	for _, seed := range eventsSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		var logs [2]string
		for i := range logs {
			synctest.Test(t, func(t *testing.T) { logs[i] = newFuzzWorld(t, script).run() })
		}
		if logs[0] != logs[1] {
			a, b := strings.Split(logs[0], "\n"), strings.Split(logs[1], "\n")
			n := 0
			for n < len(a) && n < len(b) && a[n] == b[n] {
				n++
			}
			t.Errorf("the second run differs from line %d on:\n%s\nand\n%s", n,
				strings.Join(a[max(0, n-5):min(n+3, len(a))], "\n"), strings.Join(b[min(n, len(b)):min(n+3, len(b))], "\n"))
		}
	})
}

// eventsSeeds are programs from a random source, the same each time.
func eventsSeeds() (list [][]byte) {
	n := uint64(200)
	if testing.Short() {
		n = 50
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(seed, 93))
		b := make([]byte, 50+r.IntN(700))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		list = append(list, b)
	}
	return list
}

// A tape is the fuzzer's bytes. Behind its end are zeros.
type tape struct{ rest []byte }

func (t *tape) done() bool { return len(t.rest) == 0 }

func (t *tape) byte() byte {
	if len(t.rest) == 0 {
		return 0
	}
	b := t.rest[0]
	t.rest = t.rest[1:]
	return b
}

// below is a number from 0 to n-1.
func (t *tape) below(n int) int { return int(t.byte()) % n }

// one is true for one of n bytes; never behind the end of the tape.
func (t *tape) one(n int) bool { return int(t.byte())%n == n-1 }

func pick[T any](t *tape, list ...T) T { return list[t.below(len(list))] }

// flow is one direction of an exchange. Its bytes say where they stand.
type flow struct {
	number   int // which flow it is, for its pattern
	accepted int // written, without an error
	ended    bool
	got      int  // delivered
	dropped  bool // some was thrown away unseen
}

// at is the byte at an offset.
func (f *flow) at(i int) byte { return byte(i>>8)*31 + byte(i)*7 + byte(f.number)*13 }

// next are the next n bytes to write.
func (f *flow) next(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = f.at(f.accepted + i)
	}
	return p
}

// receive checks bytes that were delivered.
func (f *flow) receive(p []byte) error {
	if f.got+len(p) > f.accepted {
		return fmt.Errorf("%d bytes at %d of %d", len(p), f.got, f.accepted)
	}
	for i, b := range p {
		if b != f.at(f.got+i) && !f.dropped {
			return fmt.Errorf("byte %d is another", f.got+i)
		}
	}
	f.got += len(p)
	return nil
}

// reader is the next n bytes of a flow.
type reader struct {
	f       *flow
	off, to int
}

func (f *flow) reader(n int) *reader { return &reader{f, f.accepted, f.accepted + n} }

func (r *reader) Read(p []byte) (int, error) {
	n := min(len(p), r.to-r.off)
	if n == 0 {
		return 0, io.EOF
	}
	for i := range p[:n] {
		p[i] = r.f.at(r.off + i)
	}
	r.off += n
	return n, nil
}

// last are the last of a list, the newest first.
func last[T any](list []T, n int) []T {
	list = slices.Clone(list[max(0, len(list)-n):])
	slices.Reverse(list)
	return list
}
