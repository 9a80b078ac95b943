package main

import (
	"context"
	gotls "crypto/tls"
	"io"
	"net"
	"sync/atomic"

	"weft/transport/tls"
)

const (
	// many connections, at least, end by a reset: otherwise their ports would
	// rest for a minute, and be missed by the next run.
	many = 1000
	// perAddress is how many connections leave from one local address: one has
	// less than 30,000 ports. 127.0.0.1 is left to everybody else.
	perAddress = 5000
)

var dialled atomic.Int64

// dial opens what carries a connection.
func dial(ctx context.Context, o *options) (io.ReadWriteCloser, error) {
	var d net.Dialer
	if o.c > perAddress && o.base.Hostname() == "127.0.0.1" {
		i := dialled.Add(1)
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/perAddress))}
	}
	conn, err := d.DialContext(ctx, "tcp", o.base.Host)
	if err == nil && o.c >= many {
		conn.(*net.TCPConn).SetLinger(0)
	}
	if err != nil || !o.secure {
		return conn, err
	}
	cfg, err := tls.ClientConfig(tls.ClientOptions{Base: &gotls.Config{InsecureSkipVerify: true}})
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}
