//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"weft/core"
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

const (
	// maxBody is what fits into the window of a stream that was not told
	// otherwise.
	maxBody = 65535
	// perAddress is how many connections leave from one local address, so that
	// its ports suffice.
	perAddress = 10000
	chunk      = 16384
	patience   = 60 * time.Second
)

// load is what happens on a connection before it is left alone.
type load struct {
	streams int // requests that do not end; 0: one that does
	body    int // bytes sent of each of those
}

// dialer opens connections and holds them.
type dialer struct {
	addr   string
	secure bool
	made   int
	open   []*conn
}

// openAll opens n connections, burst at a time, and waits until each has its
// answer. Those that are not kept are closed.
func (d *dialer) openAll(ctx context.Context, n, burst int, load load, keep bool) error {
	for n > 0 {
		k := min(n, burst)
		n -= k
		batch := make([]*conn, 0, k)
		for range k {
			c, err := d.dial(ctx)
			if err != nil {
				return fmt.Errorf("after %d connections: %w", len(d.open)+len(batch), err)
			}
			batch = append(batch, c)
		}
		for _, step := range []func(*conn) error{
			func(c *conn) error { return c.ask(load) },
			func(c *conn) error { return c.await(load) },
		} {
			for _, c := range batch {
				if err := step(c); err != nil {
					return fmt.Errorf("a request, after %d connections: %w", len(d.open), err)
				}
			}
		}
		for _, c := range batch {
			if !keep {
				c.Close()
				continue
			}
			c.SetDeadline(time.Time{})
			d.open = append(d.open, c)
		}
	}
	return nil
}

// check fails unless all connections are still open: the figure would be that
// of fewer.
func (d *dialer) check() error {
	for i, c := range d.open {
		c.SetReadDeadline(time.Unix(1, 0))
		var p [1]byte
		var timeout net.Error
		if _, err := c.Read(p[:]); !errors.As(err, &timeout) || !timeout.Timeout() {
			return fmt.Errorf("connection %d did not stay idle: %v", i, err)
		}
	}
	return nil
}

func (d *dialer) dial(ctx context.Context) (*conn, error) {
	local := net.IPv4(127, 0, 0, byte(2+d.made/perAddress))
	d.made++
	nd := net.Dialer{Timeout: patience, KeepAlive: -1, LocalAddr: &net.TCPAddr{IP: local}}
	nc, err := nd.DialContext(ctx, "tcp", d.addr)
	if err != nil {
		return nil, err
	}
	// It ends by a reset: otherwise its port would rest for a minute, and be
	// missed by the next run.
	nc.(*net.TCPConn).SetLinger(0)
	nc.SetDeadline(time.Now().Add(patience))
	scheme := "http"
	if d.secure {
		tc := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err := tc.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, err
		}
		nc, scheme = tc, "https"
	}
	return &conn{Conn: nc, scheme: scheme, credit: maxBody}, nil
}

// conn is one connection. It holds no buffer of its own.
type conn struct {
	net.Conn
	scheme string
	credit int  // what the connection's window allows
	acked  bool // both sides acknowledged
}

// headers returns the block of a request, as the first of a connection.
func (c *conn) headers(method string) []byte {
	var b bytes.Buffer
	enc := hpack.NewEncoder(&b)
	for _, f := range []hpack.HeaderField{
		{Name: ":method", Value: method}, {Name: ":scheme", Value: c.scheme},
		{Name: ":authority", Value: "localhost"}, {Name: ":path", Value: "/"}, {Name: "user-agent", Value: "idle"},
	} {
		enc.WriteField(f) // into memory
	}
	return b.Bytes()
}

// ask sends the preface and what requests there are, as far as the windows let
// it.
func (c *conn) ask(load load) error {
	p := append([]byte(core.Preface), frame.AppendSettings(nil, nil)...)
	if load.streams == 0 {
		p = frame.AppendHeaders(p, 1, c.headers("GET"), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
	}
	_, err := c.Write(p)
	return err
}

// await waits until the server has answered, or received, everything.
func (c *conn) await(load load) error {
	if load.streams == 0 {
		answered := func(h frame.Header) bool {
			return h.Stream == 1 && h.Flags.Has(frame.FlagEndStream) && (h.Type == frame.TypeHeaders || h.Type == frame.TypeData)
		}
		return c.read(answered)
	}
	if err := c.read(nil); err != nil {
		return err
	}
	id := frame.StreamID(1)
	for i := range load.streams {
		if i > 0 && i%100 == 0 {
			// Not faster than anybody would.
			if err := c.roundTrip(); err != nil {
				return err
			}
		}
		p := frame.AppendHeaders(nil, id, c.headers("POST"), frame.FlagEndHeaders, nil, -1)
		for left := load.body; left > 0; {
			k := min(left, chunk)
			for c.credit < k {
				if _, err := c.Write(p); err != nil {
					return err
				}
				p = p[:0]
				before := c.credit
				if err := c.read(func(frame.Header) bool { return c.credit > before }); err != nil {
					return err
				}
			}
			p = frame.AppendData(p, id, make([]byte, k), false, -1)
			c.credit -= k
			left -= k
		}
		if _, err := c.Write(p); err != nil {
			return err
		}
		id += 2
	}
	return c.roundTrip()
}

// roundTrip waits until the server has dealt with everything sent.
func (c *conn) roundTrip() error {
	ping := frame.AppendPing(nil, false, [8]byte{1})
	if _, err := c.Write(ping); err != nil {
		return err
	}
	return c.read(func(h frame.Header) bool { return h.Type == frame.TypePing && h.Flags.Has(frame.FlagAck) })
}

// read reads frames until settings are exchanged and one is what was wanted,
// if anything is.
func (c *conn) read(wanted func(frame.Header) bool) error {
	for done := wanted == nil; !done || !c.acked; {
		var b [frame.HeaderLen]byte
		if _, err := io.ReadFull(c.Conn, b[:]); err != nil {
			return err
		}
		h := frame.ParseHeader(b[:])
		p := make([]byte, h.Length)
		if _, err := io.ReadFull(c.Conn, p); err != nil {
			return err
		}
		switch h.Type {
		case frame.TypeSettings:
			if h.Flags.Has(frame.FlagAck) {
				continue
			}
			if _, err := c.Write(frame.AppendSettingsAck(nil)); err != nil {
				return err
			}
			c.acked = true
		case frame.TypeWindowUpdate:
			inc, err := frame.ParseWindowUpdate(h, p)
			if err != nil {
				return err
			}
			if h.Stream == 0 {
				c.credit += int(inc)
			}
		case frame.TypeRSTStream, frame.TypeGoAway:
			return fmt.Errorf("the server says %v %q", h, p)
		}
		done = done || wanted(h)
	}
	return nil
}
