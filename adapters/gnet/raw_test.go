//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"fmt"
	"io"
	"net"
)

// Frames of a client that is not ours.
const (
	settings  = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	getSlash  = "\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x01x" // with END_STREAM
	postSlash = "\x00\x00\x06\x01\x04\x00\x00\x00\x01\x83\x86\x84\x41\x01x"
)

// readUntilEnd reads frames until the stream has ended.
func readUntilEnd(c net.Conn, stream byte) error {
	var head [9]byte
	for {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return err
		}
		kind, flags, id := head[3], head[4], head[8]
		if _, err := io.CopyN(io.Discard, c, int64(head[0])<<16|int64(head[1])<<8|int64(head[2])); err != nil {
			return err
		}
		switch {
		case id == stream && kind <= 1 && flags&1 != 0:
			return nil
		case kind == 3 || kind == 7:
			return fmt.Errorf("frame of type %d", kind)
		}
	}
}
