package websocket

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"weft/events"
)

// Compression is permessage-deflate of RFC 7692, each message by itself: what is
// kept from one to the next would be some 40 KiB a connection for what is
// received, and some 800 for what is sent.

const extensions = "sec-websocket-extensions"

// alone has neither side compress with a memory of earlier messages.
var alone = wsflate.Parameters{ServerNoContextTakeover: true, ClientNoContextTakeover: true}

const aloneText = wsflate.ExtensionName + "; server_no_context_takeover; client_no_context_takeover"

// acceptDeflate returns the answer to what a client offers, "" if it offers
// nothing that can be accepted. RFC 7692 §7.1.1.2: a server may ask for
// client_no_context_takeover whether or not that was offered.
func acceptDeflate(h events.Headers) string {
	for _, value := range h.Values(extensions) {
		offers, _ := httphead.ParseOptions([]byte(value), nil)
		for _, offer := range offers {
			var p wsflate.Parameters
			if string(offer.Name) != wsflate.ExtensionName || p.Parse(offer) != nil {
				continue // RFC 7692 §5.1: what is not understood is declined
			}
			switch {
			case !p.ServerMaxWindowBits.Defined():
				return aloneText
			case p.ServerMaxWindowBits == 15: // there is no other window in compress/flate
				return aloneText + "; server_max_window_bits=15"
			}
		}
	}
	return ""
}

// acceptedDeflate checks what a server has made of alone.
func acceptedDeflate(chosen httphead.Option) error {
	var p wsflate.Parameters
	switch err := p.Parse(chosen); {
	case string(chosen.Name) != wsflate.ExtensionName, err != nil, p.ClientMaxWindowBits.Defined():
		return fmt.Errorf("%w: the extension %q was not offered", ErrHandshake, chosen.String())
	case !p.ServerNoContextTakeover:
		return fmt.Errorf("%w: the server has not agreed to server_no_context_takeover", ErrHandshake)
	}
	return nil
}

// minDeflated is the size from which on messages are compressed. With nothing
// to refer to, smaller ones gain little.
const minDeflated = 256

// tail is what RFC 7692 §7.2.1 takes away behind a message, and then an empty
// block that is the last.
const tail = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // the level exists
	}
	return w
}}

// deflate returns the compressed message, and false if it did not become
// smaller.
func deflate(p []byte) ([]byte, bool) {
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	w.Write(p) // a buffer takes everything
	w.Flush()
	q := bytes.TrimSuffix(out.Bytes(), []byte(tail[:4]))
	return q, len(q) < len(p) && len(q) < out.Len()
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate returns the message that p is compressed from. No more is allocated
// than about twice what comes out, and no more comes out than limit.
func inflate(p []byte, limit int64) ([]byte, error) {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	// It reads bytes one by one, and so none too many.
	source := bytes.NewReader(append(p, tail...))
	if err := r.(flate.Resetter).Reset(source, nil); err != nil {
		return nil, err
	}
	var out []byte
	for {
		if len(out) == cap(out) {
			out = slices.Grow(out, max(len(out), len(p), 512))
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case int64(len(out)) > limit:
			return nil, &ProtocolError{StatusMessageTooBig, ErrMessageTooBig}
		case err == io.EOF && source.Len() <= len(tail)+1:
			// RFC 7692 §7.2.3.4: the last block may be marked as such; a zero
			// follows then.
			return out, nil
		case err == io.EOF:
			return nil, &ProtocolError{StatusInvalidData, ErrInvalidDeflate}
		case err != nil:
			return nil, &ProtocolError{StatusInvalidData, ErrInvalidDeflate}
		}
	}
}

// readRSV takes the bit that says so from the header of a frame, and notes it
// for the message.
func (in *incoming) readRSV(h *ws.Header) error {
	if !in.c.deflate {
		return nil
	}
	first := h.OpCode == ws.OpText || h.OpCode == ws.OpBinary
	one, two, three := ws.RsvBits(h.Rsv)
	if two || three || one && !first {
		return &ProtocolError{StatusProtocolError, ws.ErrProtocolNonZeroRsv}
	}
	if h.Rsv = 0; first {
		in.deflated = one
	}
	return nil
}

// limit is how many bytes the frames of the present message may have. What does
// not shrink by compression grows a little.
func (in *incoming) limit() int64 {
	n := in.c.opts.MaxMessageSize
	if !in.deflated || n > NoLimit/2 {
		return n
	}
	return n + n>>10 + 64
}
