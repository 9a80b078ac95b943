package events_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// Under any traffic, a session's accounts are what its streams keep, and they
// are empty once the streams are gone.
func TestMemoryAccounts(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := &chance{rand: rand.New(rand.NewPCG(seed, 0))}
			p := newPair(t, pairOptions{
				client: events.SessionOptions{FixedWindows: c.one(2)},
				server: events.SessionOptions{FixedWindows: c.one(2), Settings: events.Settings{
					MaxConcurrentStreams: events.Set[uint32](uint32(1 + c.rand.IntN(20))),
				}},
				link: mem.Options{Seed: seed, Bandwidth: []int{0, 100_000}[c.rand.IntN(2)], Latency: 5 * time.Millisecond},
			})
			check := func() {
				t.Helper()
				for who, s := range map[string]*events.Session{"client": &p.client.Session, "server": &p.server.Session} {
					if said, counted := events.Accounts(s); said != counted {
						t.Fatalf("%s: says %v, has %v", who, said, counted)
					}
				}
			}
			p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
				c.streams = append(c.streams, &st.Stream)
				if c.one(4) {
					if push, err := st.PushStream(events.H(":path", "/pushed")); err == nil {
						c.streams = append(c.streams, &push.Stream)
					}
				}
				if c.one(2) {
					st.Respond(events.H("x", strings.Repeat("y", c.rand.IntN(100))), events.RespondOptions{WaitForTrailers: c.one(3)})
					st.OnWantTrailers(func() { st.SendTrailers(events.H("tail", "z")) })
				}
				for range c.rand.IntN(4) {
					c.act(&st.Stream)
				}
			})
			p.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) {
				c.streams = append(c.streams, &st.Stream)
				c.act(&st.Stream)
			})
			for range 300 {
				switch {
				case c.one(4):
					opts := events.RequestOptions{WaitForTrailers: c.one(3)}
					st, err := p.client.Request(context.Background(), events.H(":method", "POST", "h", strings.Repeat("v", c.rand.IntN(200))), opts)
					if err != nil {
						t.Fatal(err)
					}
					st.OnWantTrailers(func() { st.SendTrailers(events.H("tail", strings.Repeat("z", 50))) })
					c.streams = append(c.streams, &st.Stream)
				case len(c.streams) > 0:
					c.act(c.streams[c.rand.IntN(len(c.streams))])
				}
				check()
				for range c.rand.IntN(5) {
					p.link.Step()
				}
				check()
			}
			for _, st := range c.streams {
				if c.one(2) {
					st.End(nil)
					st.Resume()
				} else {
					st.Destroy(nil)
				}
			}
			p.link.RunFor(time.Minute)
			check()
			if c.one(2) {
				for _, st := range c.streams {
					st.Destroy(nil)
				}
			} else {
				p.client.Destroy(errors.New("over"), events.NoError)
			}
			p.link.RunFor(time.Minute)
			check()
			for who, s := range map[string]*events.Session{"client": &p.client.Session, "server": &p.server.Session} {
				if said, _ := events.Accounts(s); said != [4]int{} {
					t.Errorf("%s: in the end %v are kept", who, said)
				}
			}
		})
	}
}

type chance struct {
	rand    *rand.Rand
	streams []*events.Stream
}

// one reports whether one of n lots is the one.
func (c *chance) one(n int) bool { return c.rand.IntN(n) == 0 }

// act does something with a stream.
func (c *chance) act(st *events.Stream) {
	switch c.rand.IntN(14) {
	case 0, 1, 2:
		st.Write(make([]byte, c.rand.IntN(100_000)))
	case 3:
		st.Write(make([]byte, c.rand.IntN(100)))
	case 4:
		st.EndString(strings.Repeat("x", c.rand.IntN(70_000)))
	case 5:
		st.End(nil)
	case 6:
		st.OnData(func([]byte) {})
	case 7:
		st.Pause()
	case 8, 9:
		st.Resume()
	case 10:
		st.Close(core.ErrCode(c.rand.IntN(10)))
	case 11:
		st.Destroy(nil)
	case 12:
		st.SendFrom(strings.NewReader(strings.Repeat("s", c.rand.IntN(50_000))), -1)
	case 13:
		st.WriteFunc(make([]byte, c.rand.IntN(1000)), func(error) {})
	}
}

// AC-095: the header lists of requests that wait count, too.
func TestMemoryOfHeaders(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{SessionLimits: events.SessionLimits{MaxSessionMemory: 1}}})
	served := 0
	p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { served++ })
	long := strings.Repeat("long-", 6000)
	for range 60 {
		st, err := p.client.Request(context.Background(), events.H("x", long))
		if err != nil {
			t.Fatal(err)
		}
		st.OnError(func(err error) {
			var e *events.Error
			if !errors.As(err, &e) || e.HTTP2 != events.EnhanceYourCalm {
				t.Error(err)
			}
		})
	}
	p.settle()
	// A megabyte is 33 of them.
	if served < 25 || served > 34 {
		t.Errorf("%d requests of 30 kB are served at once", served)
	}
}
