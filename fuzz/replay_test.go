package fuzz

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"weft/core"
)

// A recorder is a connection that notes every call with its arguments and what
// came of it, so that all can be done to another one again.
type recorder struct {
	*core.Conn
	calls []call
}

// call is a call to repeat. It is told what time it is to be taken for, and
// returns in words what came of it.
type call struct {
	what string
	do   func(c *core.Conn, at func(time.Time) time.Time) string
	got  string
}

// clock returns the time to be taken for another.
type clock = func(time.Time) time.Time

func asItIs(now time.Time) time.Time { return now }

func (r *recorder) do(what string, f func(c *core.Conn, at clock) string) string {
	got := f(r.Conn, asItIs)
	r.calls = append(r.calls, call{what, f, got})
	return got
}

// err is for commands that return nothing but an error.
func (r *recorder) err(what string, f func(c *core.Conn, at clock) error) (err error) {
	r.do(what, func(c *core.Conn, at clock) string {
		err = f(c, at)
		return fmt.Sprint(err)
	})
	return err
}

func (r *recorder) Receive(now time.Time, p []byte) {
	kept := bytes.Clone(p)
	r.calls = append(r.calls, call{what: "Receive", do: func(c *core.Conn, at clock) string {
		c.Receive(at(now), bytes.Clone(kept))
		return ""
	}})
	r.Conn.Receive(now, p)
}

func (r *recorder) ReceiveEOF(now time.Time) {
	r.do("ReceiveEOF", func(c *core.Conn, at clock) string { c.ReceiveEOF(at(now)); return "" })
}

func (r *recorder) Advance(now time.Time) {
	r.do("Advance", func(c *core.Conn, at clock) string { c.Advance(at(now)); return "" })
}

func (r *recorder) Wrote(now time.Time, n int) {
	r.do("Wrote", func(c *core.Conn, at clock) string { c.Wrote(at(now), n); return "" })
}

func (r *recorder) Next() (ev core.Event) {
	r.do("Next", func(c *core.Conn, at clock) string {
		ev = c.Next()
		deadline, why := c.NextDeadline()
		if why == core.TimerNone {
			deadline = at(dawn)
		}
		return fmt.Sprint(ev, deadline.Sub(at(dawn)), why, c.Info())
	})
	return ev
}

func (r *recorder) AppendOutput(dst []byte) (out []byte) {
	r.do("AppendOutput", func(c *core.Conn, at clock) string {
		out = c.AppendOutput(nil)
		return string(out)
	})
	return append(dst, out...)
}

func (r *recorder) Open(now time.Time, fields []core.Field, end bool) (id core.StreamID, err error) {
	r.do("Open", func(c *core.Conn, at clock) string {
		id, err = c.Open(at(now), fields, end)
		return fmt.Sprint(id, err)
	})
	return id, err
}

func (r *recorder) OpenPriority(now time.Time, fields []core.Field, end bool, p core.Priority) (id core.StreamID, err error) {
	r.do("OpenPriority", func(c *core.Conn, at clock) string {
		id, err = c.OpenPriority(at(now), fields, end, p)
		return fmt.Sprint(id, err)
	})
	return id, err
}

func (r *recorder) Push(now time.Time, id core.StreamID, fields []core.Field) (promised core.StreamID, err error) {
	r.do("Push", func(c *core.Conn, at clock) string {
		promised, err = c.Push(at(now), id, fields)
		return fmt.Sprint(promised, err)
	})
	return promised, err
}

func (r *recorder) Send(now time.Time, id core.StreamID, p []byte, end bool) (n int, err error) {
	r.do("Send", func(c *core.Conn, at clock) string {
		n, err = c.Send(at(now), id, p, end)
		return fmt.Sprint(n, err)
	})
	return n, err
}

func (r *recorder) Headers(now time.Time, id core.StreamID, fields []core.Field, end bool) error {
	return r.err("Headers", func(c *core.Conn, at clock) error { return c.Headers(at(now), id, fields, end) })
}

func (r *recorder) Consume(id core.StreamID, n int) error {
	return r.err("Consume", func(c *core.Conn, at clock) error { return c.Consume(id, n) })
}

func (r *recorder) Reset(now time.Time, id core.StreamID, code core.ErrCode) error {
	return r.err("Reset", func(c *core.Conn, at clock) error { return c.Reset(at(now), id, code) })
}

func (r *recorder) Ping(now time.Time, opaque [8]byte) error {
	return r.err("Ping", func(c *core.Conn, at clock) error { return c.Ping(at(now), opaque) })
}

func (r *recorder) UpdateSettings(now time.Time, list []core.Setting) error {
	list = slices.Clone(list)
	return r.err("UpdateSettings", func(c *core.Conn, at clock) error { return c.UpdateSettings(at(now), list) })
}

func (r *recorder) SetConnWindow(size int) error {
	return r.err("SetConnWindow", func(c *core.Conn, at clock) error { return c.SetConnWindow(size) })
}

func (r *recorder) Shutdown(now time.Time) {
	r.do("Shutdown", func(c *core.Conn, at clock) string { c.Shutdown(at(now)); return "" })
}

func (r *recorder) GoAway(now time.Time, code core.ErrCode, last core.StreamID, debug []byte) error {
	return r.err("GoAway", func(c *core.Conn, at clock) error { return c.GoAway(at(now), code, last, debug) })
}

func (r *recorder) Close(now time.Time, code core.ErrCode, debug []byte) {
	r.do("Close", func(c *core.Conn, at clock) string { c.Close(at(now), code, debug); return "" })
}

func (r *recorder) Hold(id core.StreamID) error {
	return r.err("Hold", func(c *core.Conn, at clock) error { return c.Hold(id) })
}

func (r *recorder) Release(id core.StreamID) error {
	return r.err("Release", func(c *core.Conn, at clock) error { return c.Release(id) })
}

func (r *recorder) Prioritize(id core.StreamID, p core.Priority, silent bool) error {
	return r.err("Prioritize", func(c *core.Conn, at clock) error { return c.Prioritize(id, p, silent) })
}

func (r *recorder) UpdatePriority(now time.Time, id core.StreamID, value string) error {
	return r.err("UpdatePriority", func(c *core.Conn, at clock) error { return c.UpdatePriority(at(now), id, value) })
}

func (r *recorder) AltSvc(id core.StreamID, origin, value string) error {
	return r.err("AltSvc", func(c *core.Conn, at clock) error { return c.AltSvc(id, origin, value) })
}

func (r *recorder) Origin(origins ...string) error {
	return r.err("Origin", func(c *core.Conn, at clock) error { return c.Origin(origins...) })
}

func (r *recorder) WriteFrame(frameType, flags uint8, id core.StreamID, payload []byte) error {
	return r.err("WriteFrame", func(c *core.Conn, at clock) error { return c.WriteFrame(frameType, flags, id, payload) })
}

// FuzzReplay: a recorded connection, its bytes, commands and times, fed again
// at another time of day gives the same events, answers, deadlines and output.
func FuzzReplay(f *testing.F) {
	for i, s := range slices.Concat(singleSeeds(false), singleSeeds(true)) {
		if i%8 == 0 || len(s.wire) > 0 {
			f.Add(s.bits, s.script, s.wire)
		}
	}
	f.Fuzz(func(t *testing.T, bits uint64, script, wire []byte) {
		c := chooser(bits)
		client := c.bool()
		now := dawn
		s := newSingle(t, &now, client, uint64(c), wire)
		r := &recorder{Conn: s.e.c.(*core.Conn)}
		s.e.c = r
		s.run(script)

		const later = 12345 * time.Hour
		shift := func(now time.Time) time.Time { return now.Add(later) }
		make := core.NewServer
		if client {
			make = core.NewClient
		}
		again, err := make(dawn.Add(later), s.e.cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i, call := range r.calls {
			if got := call.do(again, shift); got != call.got {
				t.Fatalf("call %d of %d, %s, gave\n%q\nand then\n%q", i, len(r.calls), call.what, call.got, got)
			}
		}
	})
}
