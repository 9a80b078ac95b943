package main

import (
	"context"
	"time"
)

// A scene is a server and clients that stand, and can be measured again and
// again: what is compared with each other to a few per cent is measured abreast,
// a little of each in turn. Figures taken one after the other differ by more than
// that for nothing but the machine's speed.
type scene struct {
	server *server
	client *holder // makes the requests
	idle   *holder // nil, or what only stands there
}

func (s *scene) close() {
	if s.client != nil {
		s.client.close()
	}
	if s.idle != nil {
		s.idle.close()
	}
	s.server.close()
}

// turnSpan is how long a scene is measured before it is another's turn: long
// beside the milliseconds in which caches fill, short beside how long a
// machine keeps its speed.
const turnSpan = 50 * time.Millisecond

// turns is how often that is in two spans: what is to be told apart is a few per
// cent, and a collection of the heap comes once in several turns.
func turns(span time.Duration) int { return max(1, int(2*span/turnSpan)) }

// requests has bench/client make requests in a scene, as flags say, when it is
// measured.
func (b *bench) requests(ctx context.Context, s *scene, o serveOptions, flags ...string) (err error) {
	s.client, err = b.hold(ctx, clientCore, o, append(flags, "-for", min(b.span, turnSpan).String())...)
	return err
}

// effort is what a server spent on some requests.
type effort struct {
	cpu      time.Duration
	requests int
}

// each is microseconds a request.
func (e effort) each() float64 { return float64(e.cpu.Nanoseconds()) / 1e3 / float64(e.requests) }

func (s *scene) measure() (effort, error) {
	before, err := cpuTime(s.server.pid)
	if err != nil {
		return effort{}, err
	}
	r, err := s.client.measure()
	if err != nil {
		return effort{}, err
	}
	after, err := cpuTime(s.server.pid)
	return effort{after - before, r.Requests}, err
}

// inTurn measures all scenes, so many times, forth and back, after a time that does
// not count: in it a heap gets its size. A sample has what a request cost on the
// average, collections of the heap included, and the growth, that divided by what
// it cost in the first scene.
func inTurn(turns int, scenes []func() (effort, error)) []outcome {
	out := make([]outcome, len(scenes))
	sums := make([]effort, len(scenes))
	for turn := range 1 + turns {
		for i := range scenes {
			if turn%2 == 1 {
				i = len(scenes) - 1 - i
			}
			if out[i].err != nil {
				continue
			}
			e, err := scenes[i]()
			if out[i].err = err; turn > 0 {
				sums[i].cpu += e.cpu
				sums[i].requests += e.requests
			}
		}
	}
	for i := range scenes {
		if out[i].err != nil {
			continue
		}
		out[i].sample = sample{"cpu": sums[i].each()}
		if i > 0 && out[0].err == nil {
			out[i].sample["growth"] = sums[i].each() / sums[0].each()
		}
	}
	return out
}

// abreast measures a contender in all columns, each of which has a scene.
func (b *bench) abreast(ctx context.Context, c *contender, columns []column) []outcome {
	out := make([]outcome, len(columns))
	scenes := make([]func() (effort, error), len(columns))
	for i, col := range columns {
		b.ran = nil
		s, err := col.scene(ctx, b, c)
		if s != nil {
			defer s.close()
		}
		scenes[i] = func() (effort, error) {
			if err != nil {
				return effort{}, err
			}
			return s.measure()
		}
		out[i].ran = b.ran
	}
	for i, o := range inTurn(turns(b.span), scenes) {
		out[i].sample, out[i].err = o.sample, o.err
	}
	return out
}
