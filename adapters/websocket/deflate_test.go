package websocket_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"weft/adapters/websocket"
	"weft/events"
)

const offer = "permessage-deflate"

// packed is a frame of a compressed message.
func packed(op ws.OpCode, fin bool, p string) ws.Frame {
	f := ws.NewFrame(op, fin, []byte(p))
	f.Header.Rsv = ws.Rsv(true, false, false)
	return f
}

// squeeze compresses as the peer would.
func squeeze(p []byte) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	w.Write(p)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

func TestCompression(t *testing.T) {
	random := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(random)
	on := websocket.Options{Compression: true, MaxMessageSize: 200_000}
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo, websocket.ServerOptions{Options: on})
		c := w.must(on)
		if !c.Compressed() {
			t.Error("not agreed on")
		}
		for _, m := range [][]byte{nil, []byte("small"), bytes.Repeat([]byte("much the same, "), 10_000), random, make([]byte, 200_000), random[:300]} {
			if err := c.Write(ctx, websocket.Binary, m); err != nil {
				t.Fatal(err)
			}
			if k, p, err := c.Read(ctx); k != websocket.Binary || !bytes.Equal(p, m) || err != nil {
				t.Fatalf("%d bytes came back as %d: %v", len(m), len(p), err)
			}
		}
		c.Close(1000, "")
		wantClose(t, <-done, 1000, "")

		// What is sent is smaller, or else it is plain.
		r := w.raw(offer)
		for _, m := range [][]byte{bytes.Repeat([]byte("a"), 255), bytes.Repeat([]byte("a"), 256), random[:1000]} {
			r.send(ws.NewBinaryFrame(m))
			f := r.frame()
			small := len(m) == 256
			if f.Header.Rsv1() != small || (len(f.Payload) < 20) != small {
				t.Errorf("%d bytes are sent as %d, compressed: %v", len(m), len(f.Payload), f.Header.Rsv1())
			}
			if small {
				p, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(f.Payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
				if !bytes.Equal(p, m) || err != nil {
					t.Errorf("got %q, %v", p, err)
				}
			}
		}
		r.send(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))
		r.closedWith(1000)
		<-done

		for _, client := range []bool{false, true} { // one of them does not want it
			w, o := newWorld(t, w.http2), websocket.Options{Compression: client}
			defer w.end()
			w.serve(echo, websocket.ServerOptions{Options: websocket.Options{Compression: !client}})
			c := w.must(o)
			if c.Compressed() {
				t.Error("agreed on by one")
			}
			c.Write(ctx, websocket.Text, []byte(strings.Repeat("a", 1000)))
			if _, p, err := c.Read(ctx); len(p) != 1000 || err != nil {
				t.Errorf("got %d bytes, %v", len(p), err)
			}
			c.Close(1000, "")
		}
	})
}

// Messages of RFC 7692 §7.2.3, and what a compressed message may not be.
func TestCompressedMessages(t *testing.T) {
	const text, more, ping = ws.OpText, ws.OpContinuation, ws.OpPing
	zeros := squeeze(make([]byte, 1001))
	odd := packed(text, true, "")
	odd.Header.Rsv = ws.Rsv(true, true, false)
	for _, c := range []struct {
		name   string
		frames []ws.Frame
		want   string
		code   websocket.StatusCode
		is     error
	}{
		{name: "one block", frames: []ws.Frame{packed(text, true, "\xf2\x48\xcd\xc9\xc9\x07\x00")}, want: "Hello"},
		{name: "in frames", frames: []ws.Frame{packed(text, false, "\xf2\x48\xcd"), ws.NewFrame(more, true, []byte("\xc9\xc9\x07\x00"))}, want: "Hello"},
		{name: "not compressed", frames: []ws.Frame{packed(text, true, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")}, want: "Hello"},
		{name: "a last block", frames: []ws.Frame{packed(text, true, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, want: "Hello"},
		{name: "two blocks", frames: []ws.Frame{packed(text, true, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")}, want: "Hello"},
		{name: "nothing", frames: []ws.Frame{packed(text, true, "\x00")}, want: ""},
		{name: "plain", frames: []ws.Frame{ws.NewTextFrame([]byte("Hello"))}, want: "Hello"},
		{name: "as much as is allowed", frames: []ws.Frame{packed(text, true, squeeze(make([]byte, 1000)))}, want: string(make([]byte, 1000))},

		{name: "too much", frames: []ws.Frame{packed(text, true, zeros)}, code: 1009, is: websocket.ErrMessageTooBig},
		{name: "a bomb", frames: []ws.Frame{packed(text, true, squeeze(make([]byte, 900_000)))}, code: 1009, is: websocket.ErrMessageTooBig},
		{name: "too much on the wire", frames: []ws.Frame{packed(text, true, strings.Repeat("\x00\x00\x00\xff\xff", 300))}, code: 1009, is: websocket.ErrMessageTooBig},
		{name: "no deflate", frames: []ws.Frame{packed(text, true, "\xff\xff\xff")}, code: 1007, is: websocket.ErrInvalidDeflate},
		{name: "cut short", frames: []ws.Frame{packed(text, true, "\xf2\x48\xcd")}, code: 1007, is: websocket.ErrInvalidDeflate},
		{name: "behind the last block", frames: []ws.Frame{packed(text, true, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x00")}, code: 1007, is: websocket.ErrInvalidDeflate},
		{name: "bad text", frames: []ws.Frame{packed(text, true, squeeze([]byte("a\xffb")))}, code: 1007, is: websocket.ErrInvalidUTF8},
		{name: "in the middle", frames: []ws.Frame{ws.NewFrame(text, false, nil), packed(more, true, "\x00")}, code: 1002, is: ws.ErrProtocolNonZeroRsv},
		{name: "a ping", frames: []ws.Frame{packed(ping, true, "\x00")}, code: 1002, is: ws.ErrProtocolNonZeroRsv},
		{name: "another bit", frames: []ws.Frame{odd}, code: 1002, is: ws.ErrProtocolNonZeroRsv},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				done := w.serve(echo, websocket.ServerOptions{Options: websocket.Options{Compression: true, MaxMessageSize: 1000}})
				r := w.raw(offer)
				r.send(packed(text, true, "\xf2\x48\xcd\xc9\xc9\x07\x00")) // nothing of it is remembered
				if f := r.frame(); string(f.Payload) != "Hello" {
					t.Fatalf("got %q", f.Payload)
				}
				r.send(c.frames...)
				if c.code != 0 {
					r.closedWith(c.code)
					var bad *websocket.ProtocolError
					if err := <-done; !errors.As(err, &bad) || bad.Code != c.code || !errors.Is(err, c.is) {
						t.Errorf("the server got %v, want %v", err, c.is)
					}
					return
				}
				f := r.frame()
				if f.Header.Rsv1() {
					f.Payload, _ = io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(f.Payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
				}
				if string(f.Payload) != c.want {
					t.Errorf("got %q", f.Payload)
				}
				r.send(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))
				r.closedWith(1000)
			})
		})
	}
}

func TestCompressionOffers(t *testing.T) {
	const alone = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for offered, want := range map[string]string{
		"permessage-deflate":                         alone,
		"permessage-deflate; client_max_window_bits": alone,
		"permessage-deflate; client_max_window_bits=10; client_no_context_takeover":       alone,
		"permessage-deflate; server_max_window_bits=15":                                   alone + "; server_max_window_bits=15",
		"permessage-deflate; server_max_window_bits=10":                                   "",
		"permessage-deflate; server_max_window_bits=10, permessage-deflate":               alone,
		"permessage-deflate; server_max_window_bits":                                      "",
		"permessage-deflate; server_no_context_takeover; server_no_context_takeover":      "",
		"permessage-deflate; server_no_context_takeover=1":                                "",
		"permessage-deflate; unheard_of":                                                  "",
		"x-webkit-deflate-frame, permessage-deflate; client_max_window_bits=\"9\"; other": "",
		"x-other": "",
		";;,":     "",
	} {
		if got := websocket.AcceptDeflate(events.H("sec-websocket-extensions", offered)); got != want {
			t.Errorf("%s is answered with %q, want %q", offered, got, want)
		}
	}
}

// A client takes no other extension than the one it offered.
func TestCompressionAnswers(t *testing.T) {
	for answer, want := range map[string]struct{ compressed, fails bool }{
		"": {},
		"permessage-deflate; server_no_context_takeover":                             {compressed: true},
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover": {compressed: true},
		"permessage-deflate; server_no_context_takeover; server_max_window_bits=9":   {compressed: true},
		"permessage-deflate": {fails: true},
		"permessage-deflate; server_no_context_takeover; client_max_window_bits=9": {fails: true},
		"permessage-deflate; server_no_context_takeover; x":                        {fails: true},
		"x-other": {fails: true},
		"permessage-deflate; server_no_context_takeover, permessage-deflate": {fails: true},
		"permessage-deflate; server_no_context_takeover, x; y":               {fails: true},
	} {
		bubble(t, func(t *testing.T, w *world) {
			var o websocket.ServerOptions
			if answer != "" {
				o.Headers = events.H("sec-websocket-extensions", answer)
			}
			w.serve(echo, o)
			c, err := w.dial(websocket.Options{Compression: true})
			if want.fails {
				if !errors.Is(err, websocket.ErrHandshake) {
					t.Errorf("%s: %v", answer, err)
				}
				return
			}
			if err != nil || c.Compressed() != want.compressed {
				t.Errorf("%s: %v", answer, err)
				return
			}
			c.CloseNow()
		})
	}
}
