package inspector

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weft/core/frame"
)

// headers returns a whole field block in one frame on stream 1.
func headers(block string) []byte {
	return frame.AppendHeaders(nil, 1, []byte(block), frame.FlagEndHeaders, nil, -1)
}

func TestLostOnce(t *testing.T) {
	const get = "\x82" // :method: GET
	start := func(block string) []byte { return frame.AppendHeaders(nil, 1, []byte(block), 0, nil, -1) }
	long := make([]byte, 70<<10)
	for _, tt := range []struct {
		why    string
		frames [][]byte
		notice string
	}{
		{"an index beyond the table", [][]byte{headers(get + "\xff\x00")}, "a field block can't be decompressed (decoding error: invalid indexed representation index 127)"},
		{"a block that ends within a field", [][]byte{headers(get + "\x00\x05a")}, "a field block can't be decompressed (decoding error: truncated headers)"},
		{"a string beyond the bound", [][]byte{headers(get + "\x00\x7f\xff\xff\x7f")}, "a field block can't be decompressed (hpack: string too long)"},
		{"a table beyond the bound", [][]byte{headers("\x3f\xff\xff\xff\x7f")}, "a field block can't be decompressed (a table size update is too large)"},
		{"a number without end", [][]byte{headers("\x3f\x80\x80\x80\x80\x80\x80\x80")}, "a field block can't be decompressed (a table size update is too large)"},
		{"a block that ends within a size", [][]byte{headers("\x3f\x80")}, "a field block can't be decompressed (the field block ends within a table size update)"},
		{"a size after a field", [][]byte{headers("\x40\x01a\x01b\x20")}, "a field block can't be decompressed (decoding error: dynamic table size update MUST occur at the beginning of a header block)"},
		{"a new block within a block", [][]byte{start(get), headers(get)}, "the field block before this did not end"},
		{"a frame that is too long", [][]byte{frame.AppendSettings(nil, nil), headers(string(long))}, "a field block was too long"},
		{"padding that hides the block", [][]byte{{0, 0, 2, 1, 0xc, 0, 0, 0, 1, 9, 9}}, "a field block was malformed"},
	} {
		// Two more blocks, good and bad, and something else.
		frames := append(tt.frames, headers("\x84"), headers("\xff\x00"), frame.AppendPing(nil, false, [8]byte{}))
		got := received(Options{}, frames...)
		if n := strings.Count(got, "fields are no longer shown"); n != 1 || !strings.Contains(got, "; "+tt.notice+": fields are no longer shown\n") {
			t.Errorf("%s: said %d times, want once %q:\n%s", tt.why, n, tt.notice, got)
		}
		if strings.Contains(got, ":path") || !strings.Contains(got, "opaque_data") {
			t.Errorf("%s: want no more fields, but frames:\n%s", tt.why, got)
		}
	}
}

func TestContinuationWithoutBlock(t *testing.T) {
	got := received(Options{},
		frame.AppendContinuation(make([]byte, 0), 1, []byte("\x82"), true),
		frame.AppendHeaders(nil, 1, []byte("\x82"), 0, nil, -1),
		frame.AppendContinuation(nil, 3, []byte("\x84"), true),
		frame.AppendContinuation(nil, 1, []byte("\x84"), true))
	want := `[  0.000] recv CONTINUATION frame <length=1, flags=0x04, stream_id=1>
          ; END_HEADERS
          ; no field block is open on this stream
[  0.000] recv HEADERS frame <length=1, flags=0x00, stream_id=1>
          :method: GET
[  0.000] recv CONTINUATION frame <length=1, flags=0x04, stream_id=3>
          ; END_HEADERS
          ; no field block is open on this stream
[  0.000] recv CONTINUATION frame <length=1, flags=0x04, stream_id=1>
          ; END_HEADERS
          :path: /
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// RFC 7541 §4.2: a block may begin with two table size updates, the smallest
// and the last, here with a table that is not empty and cut between frames.
func TestTableSizeUpdates(t *testing.T) {
	for cut := range 9 {
		block := "\x3f\x19\x3f\xe1\x1f\xbe\x82" // to 56, to 4096, the entry, GET
		block += "\x82\x84"
		got := received(Options{},
			headers("\x40\x02ab\x02cd\x40\x02ef\x02gh"), // two entries, of 36 bytes each
			frame.AppendHeaders(nil, 1, []byte(block[:cut]), 0, nil, -1),
			frame.AppendContinuation(nil, 1, []byte(block[cut:]), true))
		got = got[strings.LastIndex(got, "HEADERS frame"):]
		if strings.Contains(got, "no longer") || strings.Count(got, "ef: gh\n") != 1 || strings.Count(got, ":method: GET\n") != 2 {
			t.Errorf("cut at %d:\n%s", cut, got)
		}
	}
}

// One byte of a block can stand for a field of thousands: a frame's text has an
// end, and what follows it is shown as ever.
func TestMuchTextInAFrame(t *testing.T) {
	entry := "\x40\x01a\x7f\xa1\x1e" + strings.Repeat("v", 4000) // 127 + 0x21 + 0x1e<<7 = 4000
	got := received(Options{}, headers(entry), headers(strings.Repeat("\xbe", 10000)), headers("\xbe"))
	if len(got) > 2*maxFrame || !strings.Contains(got, " more lines not shown\n") {
		t.Errorf("%d bytes of text, ending in %q", len(got), got[max(0, len(got)-100):])
	}
	if !strings.HasSuffix(got, "; END_HEADERS\n          a: "+strings.Repeat("v", 4000)+"\n") {
		t.Errorf("the last frame is not shown: %q", got[max(0, len(got)-100):])
	}

	long := "\x00\x01b\x7f\x89\x26" + strings.Repeat("w", 5000)
	got = received(Options{}, headers(long), frame.AppendGoAway(nil, frame.GoAwayFrame{Debug: make([]byte, 5000)}))
	if !strings.Contains(got, "b: "+strings.Repeat("w", maxValue)+"... (5000 bytes)\n") {
		t.Errorf("a long value is not cut: %q", got[:200])
	}
	if !strings.Contains(got, `\x00"... (5000 bytes))`) {
		t.Errorf("long debug data is not cut: %q", got[len(got)-200:])
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"a b":            "a b",
		"a\nb":           `"a\nb"`,
		"\x1b[31m":       `"\x1b[31m"`,
		"\x7f":           `"\x7f"`,
		"\xff":           `"\xff"`,
		"ü":              "ü",
		"\u202egnp.exe":  `"\u202egnp.exe"`,
		"say \"\\\" now": `say "\" now`,
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %s, want %s", in, got, want)
		}
	}
}

// What is not shown is not made ready to be shown either: a byte that stands for a long
// field costs the log no more than a byte.
func TestMuchTextCostsLittle(t *testing.T) {
	value := strings.Repeat("\x01", 2000) // to be quoted
	block := "\x40\x01a\x7f\xd1\x0e" + value + strings.Repeat("\xbe", 8000)
	frames := headers(block)
	l := New(io.Discard, Options{})
	l.Received(time.Time{}, frame.AppendSettings(nil, nil))
	if n := testing.AllocsPerRun(3, func() { l.Received(time.Time{}, frames) }); n > 500 {
		t.Errorf("%v allocations for a frame of %d bytes", n, len(frames))
	}
}
