package main

import (
	"context"
	"strings"
	"time"
)

// A bench is what measurements are made with.
type bench struct {
	kit  *kit
	span time.Duration // how long one measurement should last
	ran  []string      // the command lines of the present cell, for readers

	profile string // where a server that is to be profiled leaves its profile
}

// serve starts a contender.
func (b *bench) serve(ctx context.Context, c *contender, o serveOptions) (*server, serveOptions, error) {
	return b.serveOn(ctx, serverCore, c, o)
}

// serveOn starts a contender on a set of cores. It returns the options with the
// address that was found for it and what was not set.
func (b *bench) serveOn(ctx context.Context, cores string, c *contender, o serveOptions) (*server, serveOptions, error) {
	var err error
	if o.addr, err = freeAddr(); err != nil {
		return nil, o, err
	}
	if o.streams == 0 {
		o.streams = 1000
	}
	o.profile = b.profile
	argv, err := c.argv(b.kit, o)
	if err != nil {
		return nil, o, err
	}
	s, err := startServer(ctx, cores, argv, o.addr)
	if err == nil {
		s.polite = o.profile != ""
		b.note(pinned(cores, argv), o)
	}
	return s, o, err
}

// note keeps a command line as a reader would type it: $DIR stands for the
// temporary folder, $PORT for the port.
func (b *bench) note(argv []string, o serveOptions) {
	line := strings.Join(argv, " ")
	line = strings.ReplaceAll(line, b.kit.dir, "$DIR")
	b.ran = append(b.ran, strings.ReplaceAll(line, o.port(), "$PORT"))
}

// needs returns an errLacks if the contender lacks one of the abilities.
func needs(c *contender, secure bool, abilities ...ability) error {
	if secure {
		abilities = append(abilities, overTLS)
	}
	for _, a := range abilities {
		if reason, ok := c.lacks[a]; ok {
			return lacks{reason}
		}
	}
	return nil
}

// measure has drive make so many requests, first to warm up and to find how many
// fit the span, then for real. drive returns requests per second; it opens conns
// connections each time.
//
// What many connections cost to set up would drown what requests cost. So it is
// measured by itself, with one request on each, and subtracted.
func (b *bench) measure(s *server, first, conns int, drive func(n int) (float64, error)) (sample, error) {
	n := first
	for _, share := range []float64{0.15, 1} {
		rate, err := drive(n)
		if err != nil {
			return nil, err
		}
		n = roundUp(int(rate*b.span.Seconds()*share), conns, first)
	}
	if conns < 100 {
		return b.observe(s, n, drive)
	}
	// Of a slow server hardly more than the setting up would fit the span, and
	// the difference of two large numbers would be left.
	n = max(n, conns*int(requestsPerSetup*b.span.Seconds()))
	setup, err := b.observe(s, conns, drive)
	if err != nil {
		return nil, err
	}
	whole, err := b.observe(s, n+conns, drive)
	if err != nil {
		return nil, err
	}
	return without(whole, n+conns, setup, conns), nil
}

// requestsPerSetup is how many requests a connection makes at least for each
// second of the span, if its own cost is subtracted.
const requestsPerSetup = 75

// without takes the CPU time of fewer requests out of that of more.
func without(whole sample, n int, part sample, m int) sample {
	return sample{
		"cpu":  (whole["cpu"]*float64(n) - part["cpu"]*float64(m)) / float64(n-m),
		"rate": whole["rate"],
		"peak": whole["peak"],
	}
}

// observe measures n requests of a server that is warm.
func (b *bench) observe(s *server, n int, drive func(n int) (float64, error)) (sample, error) {
	before, err := cpuTime(s.pid)
	if err != nil {
		return nil, err
	}
	rate, err := drive(n)
	if err != nil {
		return nil, err
	}
	after, err := cpuTime(s.pid)
	if err != nil {
		return nil, err
	}
	peak, err := memory(s.pid, "VmHWM")
	if err != nil {
		return nil, err
	}
	return sample{
		"cpu":  float64((after - before).Nanoseconds()) / 1e3 / float64(n),
		"rate": rate,
		"peak": peak,
	}, nil
}

// roundUp makes n a multiple of step, and at least low.
func roundUp(n, step, low int) int {
	return max(low, (n+step-1)/step*step)
}
