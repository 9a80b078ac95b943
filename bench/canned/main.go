package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime/debug"

	"weft/core"
	"weft/core/frame"
	"weft/transport/tcp"
)

const (
	readSize = 64 << 10
	maxFrame = 16 << 10 // what a peer that heard nothing else may send
)

func main() {
	debug.SetGCPercent(400) // as bench/server
	addr := flag.String("addr", "127.0.0.1:9000", "address to listen on")
	cert := flag.String("cert", "", "certificate file (PEM); speaks TLS if given")
	key := flag.String("key", "", "private key file (PEM)")
	flag.Parse()
	fmt.Fprintln(os.Stderr, "canned:", run(*addr, *cert, *key))
	os.Exit(1)
}

// run serves until listening fails.
func run(addr, cert, key string) error {
	l, err := tcp.Listen(context.Background(), addr, tcp.Options{})
	if err != nil {
		return err
	}
	var nl net.Listener = l
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		nl = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
	}
	for {
		conn, err := nl.Accept()
		if err != nil {
			return err
		}
		go serve(conn)
	}
}

// answer is a whole response, but for the stream it is on.
var answer = makeAnswer()

func makeAnswer() []byte {
	block := []byte{0x88}                          // :status 200, from the static table
	block = append(block, 0x0f, 0x10, 10)          // content-type, not indexed
	block = append(block, "text/plain"...)         //
	block = append(block, 0x0f, 0x0d, 2, '1', '4') // content-length, not indexed
	p := frame.AppendHeaders(nil, 1, block, frame.FlagEndHeaders, nil, -1)
	return frame.AppendData(p, 1, []byte("Hello, World!\n"), true, -1)
}

// idAt is where a frame's stream is in its header.
const idAt = 5

func appendAnswer(out []byte, id core.StreamID) []byte {
	at := len(out)
	out = append(out, answer...)
	binary.BigEndian.PutUint32(out[at+idAt:], uint32(id))
	binary.BigEndian.PutUint32(out[len(out)-len("Hello, World!\n")-frame.HeaderLen+idAt:], uint32(id))
	return out
}

func serve(conn net.Conn) {
	defer conn.Close()
	in := make([]byte, 0, readSize+frame.HeaderLen+maxFrame)
	out := frame.AppendSettings(make([]byte, 0, readSize), []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 1 << 20}})
	preface := len(core.Preface) // bytes of it still to come
	for {
		n, err := conn.Read(in[len(in) : len(in)+readSize])
		if err != nil {
			return
		}
		in = in[:len(in)+n]
		rest := in
		if preface > 0 {
			cut := min(preface, len(rest))
			preface -= cut
			rest = rest[cut:]
		}
		for len(rest) >= frame.HeaderLen {
			h := frame.ParseHeader(rest)
			size := frame.HeaderLen + int(h.Length)
			if h.Length > maxFrame {
				return
			}
			if len(rest) < size {
				break
			}
			out = reply(out, h, rest[frame.HeaderLen:size])
			rest = rest[size:]
		}
		in = in[:copy(in[:cap(in)], rest)]
		if len(out) > 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

// reply appends what one frame is answered with.
func reply(out []byte, h frame.Header, payload []byte) []byte {
	switch {
	case h.Type == frame.TypeHeaders:
		return appendAnswer(out, h.Stream)
	case h.Type == frame.TypeSettings && !h.Flags.Has(frame.FlagAck):
		return frame.AppendSettingsAck(out)
	case h.Type == frame.TypePing && !h.Flags.Has(frame.FlagAck) && len(payload) == 8:
		return frame.AppendPing(out, true, [8]byte(payload))
	}
	return out
}
