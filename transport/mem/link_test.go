package mem_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/mem"
)

func join(opts mem.Options) (*mem.Link, *h2test.Client, *h2test.Server) {
	return joinCores(opts, core.Config{})
}

func joinCores(opts mem.Options, cfg core.Config) (*mem.Link, *h2test.Client, *h2test.Server) {
	c, s := h2test.NewClient(mem.Epoch, cfg), h2test.NewServer(mem.Epoch, cfg)
	l := mem.NewLink(c, s, opts)
	c.Now, s.Now = l.Now, l.Now
	return l, c, s
}

func shutdown(c *h2test.Client) {
	c.Do(func(now time.Time, conn *core.Conn) { conn.Shutdown(now) })
}

func TestLinkManyRequests(t *testing.T) {
	l, c, _ := join(mem.Options{})
	for range 1000 {
		c.Request("/14", 0)
	}
	if !l.Run(func() bool { return c.Answers == 1000 }) {
		t.Fatalf("%d of 1000 responses, then nothing more", c.Answers)
	}
	if c.Body != 14000 || l.Elapsed() != 0 {
		t.Errorf("%d bytes after %v, want 14000 after no time", c.Body, l.Elapsed())
	}
}

// difficult is a link on which everything goes wrong that TCP makes good.
func difficult(seed uint64) mem.Options {
	return mem.Options{
		Seed: seed, Latency: 10 * time.Millisecond, Jitter: 3 * time.Millisecond,
		Bandwidth: 1 << 20, Buffer: 20_000, Cut: 500, MaxWrite: 3000,
	}
}

func runLog(t *testing.T, seed uint64) string {
	var log bytes.Buffer
	opts := difficult(seed)
	opts.Log = &log
	l, c, s := join(opts)
	for range 20 {
		c.Request("/30000", 20000)
	}
	l.After(50*time.Millisecond, func() { l.Stall(mem.B, 200*time.Millisecond) })
	l.StallAt(mem.A, 100_000, time.Second)
	l.Run(func() bool { return c.Answers == 20 && s.Body == 20*20000 })
	if c.Body != 20*30000 {
		t.Errorf("%d responses, %d bytes down, %d up", c.Answers, c.Body, s.Body)
	}
	shutdown(c)
	if !l.Run(l.Closed) || c.Closed.Err() != nil || s.Closed.Err() != nil {
		t.Errorf("closed: client %v, server %v", c.Closed, s.Closed)
	}
	return log.String()
}

func TestLinkIsDeterministic(t *testing.T) {
	one := runLog(t, 7)
	if runLog(t, 7) != one {
		t.Error("two runs with one seed differ")
	}
	if runLog(t, 8) == one {
		t.Error("another seed changes nothing")
	}
}

func TestLinkLatency(t *testing.T) {
	l, c, _ := join(mem.Options{Latency: 30 * time.Millisecond})
	c.Request("/", 0)
	l.Run(func() bool { return c.Answers == 1 })
	if got := l.Elapsed(); got != 60*time.Millisecond {
		t.Errorf("a request took %v, want one round trip of 60ms", got)
	}
}

func TestLinkBandwidth(t *testing.T) {
	l, c, _ := joinCores(mem.Options{Bandwidth: 1_000_000, Latency: time.Millisecond}, core.Config{})
	c.Request("/1000000", 0)
	l.Run(func() bool { return c.Answers == 1 })
	if got := l.Elapsed(); got < time.Second || got > 1100*time.Millisecond {
		t.Errorf("a megabyte at a megabyte per second took %v", got)
	}
}

func TestLinkStall(t *testing.T) {
	l, c, s := join(mem.Options{})
	c.Request("/", 0)
	l.Stall(mem.B, 5*time.Second)
	l.Settle()
	if c.Answers != 1 || l.Elapsed() != 5*time.Second {
		t.Errorf("%d answers after %v, want 1 after 5s", c.Answers, l.Elapsed())
	}
	if !l.Idle() || s.Closed != nil {
		t.Error("not idle, or closed")
	}
}

func TestLinkReset(t *testing.T) {
	l, c, s := join(mem.Options{Latency: time.Millisecond})
	c.Request("/1000000", 0)
	l.ResetAt(mem.B, 50_000)
	l.Run(nil)
	if !l.Closed() || c.Failed != 1 || c.Closed == nil || s.Closed == nil {
		t.Errorf("closed %v, %d failed, client %v, server %v", l.Closed(), c.Failed, c.Closed, s.Closed)
	}
}

// causes records what ReceiveEOF is told.
type causes struct {
	transport.Endpoint
	got []error
}

func (c *causes) ReceiveEOF(now time.Time, cause error) {
	c.got = append(c.got, cause)
	c.Endpoint.ReceiveEOF(now, cause)
}

func TestLinkEnds(t *testing.T) {
	pair := func() (*mem.Link, *causes, *causes) {
		a := &causes{Endpoint: h2test.NewClient(mem.Epoch, core.Config{})}
		b := &causes{Endpoint: h2test.NewServer(mem.Epoch, core.Config{})}
		return mem.NewLink(a, b, mem.Options{}), a, b
	}
	l, a, b := pair()
	l.Settle()
	l.Reset()
	l.Run(nil)
	for _, side := range []*causes{a, b} {
		var end *transport.CloseError
		if len(side.got) != 1 || !errors.As(side.got[0], &end) || end.Kind != transport.CloseReset || !errors.Is(end, syscall.ECONNRESET) {
			t.Errorf("after a reset: %v", side.got)
		}
	}
	l, a, b = pair()
	l.Settle()
	l.CloseWrite(mem.A)
	l.Run(nil)
	for _, side := range []*causes{a, b} {
		if len(side.got) != 1 || side.got[0] != nil {
			t.Errorf("after the end of input: %v", side.got)
		}
	}
}

// Deadlines are reached by jumping to them.
func TestLinkJumpsToDeadlines(t *testing.T) {
	l, c, s := join(mem.Options{})
	c.Request("/", 0)
	l.Run(nil) // until the server has had enough of an idle client
	if s.Closed == nil || s.Closed.Fault != core.FaultIdle || l.Elapsed() < 2*time.Minute {
		t.Errorf("after %v: %v", l.Elapsed(), s.Closed)
	}
}

func TestLinkRunFor(t *testing.T) {
	l, c, _ := join(mem.Options{Latency: time.Second})
	c.Request("/", 0)
	var at []time.Duration
	for _, d := range []time.Duration{3, 1, 2, 2} {
		l.After(d*time.Second, func() { at = append(at, l.Elapsed()) })
	}
	l.RunFor(1900 * time.Millisecond)
	if c.Answers != 0 || l.Elapsed() != 1900*time.Millisecond || len(at) != 1 {
		t.Errorf("%d answers and timers %v after %v", c.Answers, at, l.Elapsed())
	}
	l.RunFor(100 * time.Millisecond)
	if c.Answers != 1 || len(at) != 3 {
		t.Errorf("%d answers and timers %v after 2s", c.Answers, at)
	}
	if l.RunFor(-time.Second); l.Elapsed() != 2*time.Second {
		t.Errorf("time went back to %v", l.Elapsed())
	}
}

// relay passes on what one endpoint is told to another link's.
func TestLinksJoined(t *testing.T) {
	l1, c1, _ := join(mem.Options{Latency: 10 * time.Millisecond})
	c2, s2 := h2test.NewClient(mem.Epoch, core.Config{}), h2test.NewServer(mem.Epoch, core.Config{})
	l2 := mem.NewLink(c2, s2, mem.Options{Join: l1, Latency: 50 * time.Millisecond})
	c2.Now, s2.Now = l2.Now, l2.Now
	c1.OnEvent = func(core.Event) {
		if c1.Answers == 1 { // a callback of one connection tells another
			c1.OnEvent = nil
			c2.Request("/", 0)
		}
	}
	c1.Request("/", 0)
	l1.Run(func() bool { return c2.Answers == 1 })
	if got := l2.Elapsed(); got != 120*time.Millisecond {
		t.Errorf("one after the other took %v, want 20ms and 100ms", got)
	}
}

// An endpoint that wants to be called again and again at one moment is a bug
// that would hang a test.
func TestLinkFindsStuckEndpoints(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	stuck := &causes{Endpoint: h2test.NewClient(mem.Epoch, core.Config{})}
	l := mem.NewLink(&always{stuck}, h2test.NewServer(mem.Epoch, core.Config{}), mem.Options{})
	l.Run(nil)
}

type always struct{ *causes }

func (always) NextDeadline() time.Time { return mem.Epoch }

func BenchmarkLink1000Requests(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		l, c, _ := join(mem.Options{})
		for range 1000 {
			c.Request("/14", 0)
		}
		l.Run(func() bool { return c.Answers == 1000 })
	}
}

func ExampleLink() {
	// Two cores, 20 ms apart.
	cfg := core.Config{ReportedWrites: true}
	server, _ := core.NewServer(mem.Epoch, cfg)
	client, _ := core.NewClient(mem.Epoch, cfg)
	answer := transport.Drive(server, func(now time.Time, ev core.Event) {
		if ev, ok := ev.(*core.HeadersReceived); ok {
			server.Headers(now, ev.Stream, []core.Field{{Name: ":status", Value: "204"}}, true)
		}
	})
	var link *mem.Link
	ask := transport.Drive(client, func(now time.Time, ev core.Event) {
		if ev, ok := ev.(*core.HeadersReceived); ok {
			fmt.Println(ev.Status, "after", link.Elapsed())
		}
	})
	link = mem.NewLink(ask, answer, mem.Options{Latency: 20 * time.Millisecond})
	ask.Now, answer.Now = link.Now, link.Now

	ask.Do(func(now time.Time, c *core.Conn) {
		c.Open(now, []core.Field{
			{Name: ":method", Value: "GET"},
			{Name: ":scheme", Value: "http"},
			{Name: ":authority", Value: "localhost"},
			{Name: ":path", Value: "/"},
		}, true)
	})
	link.Settle()
	// Output: 204 after 40ms
}

// Options that make no sense are a panic that names them.
func TestOptions(t *testing.T) {
	for name, opts := range map[string]mem.Options{
		"Latency":   {Latency: -1},
		"Jitter":    {Jitter: -1},
		"Bandwidth": {Bandwidth: -1},
		"Buffer":    {Buffer: -1},
		"Cut":       {Cut: -1},
		"MaxWrite":  {MaxWrite: -1},
		"Start":     {Join: new(mem.Link), Start: mem.Epoch},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, name) {
					t.Errorf("%s: %s", name, text)
				}
			}()
			join(opts)
		}()
	}
}
