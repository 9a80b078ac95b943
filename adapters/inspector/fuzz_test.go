package inspector

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Any bytes, cut anywhere: no panic, the same text, and no buffer beyond its
// bound.
func FuzzLog(f *testing.F) {
	f.Add(conversation(), uint16(100))
	f.Add([]byte("\x00\x00\x04\x01\x04\x00\x00\x00\x01\x3f\xe1\x1f\x82"), uint16(11))
	f.Add([]byte("GET / HTTP/1.1\r\n"), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		opts := Options{Start: start, MaxPayload: 1000}
		want := received(opts, b)
		i := min(int(cut), len(b))
		if got := received(opts, b[:i], b[i:]); got != want {
			t.Errorf("cut at %d, -want +got:\n%s", i, cmp.Diff(want, got))
		}
		l := New(&strings.Builder{}, opts)
		for i := range b {
			l.Sent(start, b[i:i+1])
			if len(l.send.buf) > opts.MaxPayload || len(l.send.fields.lead) > 8 {
				t.Fatalf("after %d bytes the log holds %d and %d", i+1, len(l.send.buf), len(l.send.fields.lead))
			}
		}
	})
}
