package inspector

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2/hpack"

	"weft/core/frame"
)

var start = time.Date(2024, 3, 5, 6, 7, 8, 0, time.UTC)

// received returns what a log prints of bytes received in the given pieces.
func received(opts Options, pieces ...[]byte) string {
	var b strings.Builder
	l := New(&b, opts)
	for _, p := range pieces {
		p = bytes.Clone(p)
		l.Received(start, p)
		clear(p) // the log keeps nothing of it
	}
	return b.String()
}

// encode returns a field block; enc is kept for a table that lives on.
func encode(enc *hpack.Encoder, buf *bytes.Buffer, fields ...string) []byte {
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		name, never := strings.CutSuffix(name, "!")
		enc.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: never})
	}
	block := bytes.Clone(buf.Bytes())
	buf.Reset()
	return block
}

func newEncoder() (*hpack.Encoder, *bytes.Buffer) {
	var buf bytes.Buffer
	return hpack.NewEncoder(&buf), &buf
}

// conversation is one of each, as a client might send it (and a server, too).
func conversation() []byte {
	enc, buf := newEncoder()
	b := []byte(preface)
	b = frame.AppendSettings(b, []frame.Setting{{ID: 3, Value: 100}, {ID: 8, Value: 1}, {ID: 0xf00d, Value: 7}})
	b = frame.AppendSettingsAck(b)
	b = frame.AppendPriority(b, 3, frame.PriorityParam{Weight: 201})
	block := encode(enc, buf, ":method=GET", ":path=/a\tb", "cookie=c=1", "x-token!=t", "x-utf8=żółw", "etag=\"e\"")
	b = frame.AppendHeaders(b, 1, block, frame.FlagEndStream|frame.FlagEndHeaders, &frame.PriorityParam{Parent: 3, Exclusive: true, Weight: 16}, 2)
	// A block in pieces, cut within a field.
	block = encode(enc, buf, ":method=GET", ":path=/a\tb", "user-agent=a weaver")
	b = frame.AppendHeaders(b, 3, block[:4], 0, nil, -1)
	b = frame.AppendContinuation(b, 3, nil, false)
	b = frame.AppendContinuation(b, 3, block[4:], true)
	b = frame.AppendData(b, 3, make([]byte, 300), false, -1)
	b = frame.AppendData(b, 3, []byte("secret"), true, 5)
	b = frame.AppendPushPromise(b, 1, 2, encode(enc, buf, ":path=/pushed"), true, 0)
	b = frame.AppendPushPromise(b, 1, 4, encode(enc, buf, ":path=/pushed"), true, -1)
	b = frame.AppendRSTStream(b, 2, frame.Cancel)
	b = frame.AppendRSTStream(b, 4, 0x1f)
	b = frame.AppendPing(b, false, [8]byte{1, 2, 3, 4, 5, 6, 7, 0xff})
	b = frame.AppendPing(b, true, [8]byte{})
	b = frame.AppendWindowUpdate(b, 0, 32768)
	b = frame.AppendAltSvc(b, 0, "https://example.org", `h3=":443"`)
	b = frame.AppendOrigin(b, "https://a.example", "https://b\n")
	b = frame.AppendPriorityUpdate(b, 5, "u=2, i")
	b = append(frame.AppendHeader(b, frame.Header{Length: 3, Type: 0xfe, Flags: 0xff, Stream: 7}), 1, 2, 3)
	b = append(frame.AppendHeader(b, frame.Header{Length: 40, Type: 0xb}), make([]byte, 40)...)
	return frame.AppendGoAway(b, frame.GoAwayFrame{LastStream: 3, Code: frame.EnhanceYourCalm, Debug: []byte("too\x1b[2Jmany")})
}

const conversationText = `[  0.000] recv connection preface
[  0.000] recv SETTINGS frame <length=18, flags=0x00, stream_id=0>
          (niv=3)
          [SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100]
          [SETTINGS_ENABLE_CONNECT_PROTOCOL(0x08):1]
          [UNKNOWN(0xf00d):7]
[  0.000] recv SETTINGS frame <length=0, flags=0x01, stream_id=0>
          ; ACK
[  0.000] recv PRIORITY frame <length=5, flags=0x00, stream_id=3>
          (dep_stream_id=0, weight=201, exclusive=0)
[  0.000] recv HEADERS frame <length=49, flags=0x2d, stream_id=1>
          ; END_STREAM | END_HEADERS | PADDED | PRIORITY
          (padlen=2, dep_stream_id=3, weight=16, exclusive=1)
          :method: GET
          :path: "/a\tb"
          cookie: <sensitive>
          x-token: <sensitive>
          x-utf8: żółw
          etag: "e"
[  0.000] recv HEADERS frame <length=4, flags=0x00, stream_id=3>
          :method: GET
          :path: "/a\tb"
[  0.000] recv CONTINUATION frame <length=0, flags=0x00, stream_id=3>
[  0.000] recv CONTINUATION frame <length=6, flags=0x04, stream_id=3>
          ; END_HEADERS
          user-agent: a weaver
[  0.000] recv DATA frame <length=300, flags=0x00, stream_id=3>
[  0.000] recv DATA frame <length=12, flags=0x09, stream_id=3>
          ; END_STREAM | PADDED
          (padlen=5)
[  0.000] recv PUSH_PROMISE frame <length=12, flags=0x0c, stream_id=1>
          ; END_HEADERS | PADDED
          (padlen=0, promised_stream_id=2)
          :path: /pushed
[  0.000] recv PUSH_PROMISE frame <length=5, flags=0x04, stream_id=1>
          ; END_HEADERS
          (promised_stream_id=4)
          :path: /pushed
[  0.000] recv RST_STREAM frame <length=4, flags=0x00, stream_id=2>
          (error_code=CANCEL(0x08))
[  0.000] recv RST_STREAM frame <length=4, flags=0x00, stream_id=4>
          (error_code=UNKNOWN_ERROR(0x1f))
[  0.000] recv PING frame <length=8, flags=0x00, stream_id=0>
          (opaque_data=01020304050607ff)
[  0.000] recv PING frame <length=8, flags=0x01, stream_id=0>
          ; ACK
          (opaque_data=0000000000000000)
[  0.000] recv WINDOW_UPDATE frame <length=4, flags=0x00, stream_id=0>
          (window_size_increment=32768)
[  0.000] recv ALTSVC frame <length=30, flags=0x00, stream_id=0>
          (origin="https://example.org", alt_svc="h3=\":443\"")
[  0.000] recv ORIGIN frame <length=31, flags=0x00, stream_id=0>
          ["https://a.example"]
          ["https://b\n"]
[  0.000] recv PRIORITY_UPDATE frame <length=10, flags=0x00, stream_id=0>
          (prioritized_stream_id=5, priority="u=2, i")
[  0.000] recv UNKNOWN(0xfe) frame <length=3, flags=0xff, stream_id=7>
          (payload=010203)
[  0.000] recv UNKNOWN(0xb) frame <length=40, flags=0x00, stream_id=0>
          (payload=0000000000000000000000000000000000000000000000000000000000000000...)
[  0.000] recv GOAWAY frame <length=19, flags=0x00, stream_id=0>
          (last_stream_id=3, error_code=ENHANCE_YOUR_CALM(0x0b), opaque_data(11)="too\x1b[2Jmany")
`

func TestEveryFrame(t *testing.T) {
	if diff := cmp.Diff(conversationText, received(Options{}, conversation())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCutAnywhere(t *testing.T) {
	b := conversation()
	for i := range b {
		if got := received(Options{}, b[:i], b[i:]); got != conversationText {
			t.Fatalf("cut at %d, -want +got:\n%s", i, cmp.Diff(conversationText, got))
		}
	}
	var single [][]byte
	for i := range b {
		single = append(single, b[i:i+1])
	}
	if got := received(Options{}, single...); got != conversationText {
		t.Fatalf("byte by byte, -want +got:\n%s", cmp.Diff(conversationText, got))
	}
}

// The bytes of nghttp's first frames and of a small request, by hand.
func TestHandMadeBytes(t *testing.T) {
	b := "\x00\x00\x06\x04\x00\x00\x00\x00\x00" + "\x00\x04\x00\x00\xff\xff" +
		"\x00\x00\x08\x01\x25\x80\x00\x00\x0d" + "\x00\x00\x00\x0b\x0f" + "\x82\x84\x86" + // with the reserved bit
		"\x00\x00\x00\x00\x01\x00\x00\x00\x0d"
	want := `[  0.000] recv SETTINGS frame <length=6, flags=0x00, stream_id=0>
          (niv=1)
          [SETTINGS_INITIAL_WINDOW_SIZE(0x04):65535]
[  0.000] recv HEADERS frame <length=8, flags=0x25, stream_id=13>
          ; END_STREAM | END_HEADERS | PRIORITY
          (dep_stream_id=11, weight=16, exclusive=0)
          :method: GET
          :path: /
          :scheme: http
[  0.000] recv DATA frame <length=0, flags=0x01, stream_id=13>
          ; END_STREAM
`
	if diff := cmp.Diff(want, received(Options{}, []byte(b))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOptions(t *testing.T) {
	enc, buf := newEncoder()
	b := frame.AppendHeaders([]byte(preface), 1, encode(enc, buf, "Cookie=c=1", "x-token!=t\x00", "authorization=Basic"), frame.FlagEndHeaders, nil, -1)
	var out strings.Builder
	l := New(&out, Options{Start: start, Prefix: "[id=7] ", ShowSensitive: true})
	l.Received(start.Add(12345678*time.Microsecond), b[:len(preface)])
	l.Sent(start.Add(-time.Second), b[len(preface):]) // a clock that went back
	l.Received(start.Add(2*time.Hour), frame.AppendSettingsAck(nil))
	want := `[id=7] [ 12.345] recv connection preface
[id=7] [  0.000] send HEADERS frame <length=27, flags=0x04, stream_id=1>
          ; END_HEADERS
          Cookie: c=1
          x-token: "t\x00"
          authorization: Basic
[id=7] [7200.000] recv SETTINGS frame <length=0, flags=0x01, stream_id=0>
          ; ACK
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatIsNotHTTP2(t *testing.T) {
	long := strings.Repeat("x", 100)
	for in, want := range map[string]string{
		"GET / HTTP/1.1\r\nhost: a\r\n\r\n": `"GET / HTTP/1.1"`,
		"PRI * HTTP/1.0\r\n\r\nSM":          `"PRI * HTTP/1.0"`,
		"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n":  `"PRI * HTTP/2.0\r\n\r\nXX"`,
		"\x16\x03\x01\x00\x05\n":            `"\x16\x03\x01\x00\x05"`,
		long:                                `"` + long[:maxOpening] + `"`,
	} {
		want = "[  0.000] recv what is not HTTP/2: " + want + "\n"
		for i := range in {
			if got := received(Options{}, []byte(in[:i]), []byte(in[i:]), []byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00")); got != want {
				t.Errorf("%q cut at %d: got %s, want %s", in, i, got, want)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, tt := range []struct {
		why     string
		h       frame.Header
		payload string
	}{
		{"wrong payload size", frame.Header{Type: frame.TypeSettings}, "12345"},
		{"wrong payload size", frame.Header{Type: frame.TypeSettings, Flags: frame.FlagAck}, "123456"},
		{"wrong payload size", frame.Header{Type: frame.TypePing}, "1234567"},
		{"wrong payload size", frame.Header{Type: frame.TypePriority, Stream: 1}, "1234"},
		{"wrong payload size", frame.Header{Type: frame.TypeRSTStream, Stream: 1}, ""},
		{"wrong payload size", frame.Header{Type: frame.TypeWindowUpdate}, "12345"},
		{"wrong payload size", frame.Header{Type: frame.TypeGoAway}, "1234567"},
		{"wrong payload size", frame.Header{Type: frame.TypePriorityUpdate}, "123"},
		{"wrong payload size", frame.Header{Type: frame.TypeAltSvc}, "\x00"},
		{"wrong payload size", frame.Header{Type: frame.TypeOrigin}, "\x00\x09a"},
		{"wrong payload size", frame.Header{Type: frame.TypePushPromise, Stream: 1}, "123"},
		{"wrong payload size", frame.Header{Type: frame.TypeHeaders, Flags: frame.FlagPriority, Stream: 1}, "1234"},
		{"padding exceeds the payload", frame.Header{Type: frame.TypeHeaders, Flags: frame.FlagPadded, Stream: 1}, "\x05123"},
		{"padding exceeds the payload", frame.Header{Type: frame.TypeData, Flags: frame.FlagPadded, Stream: 1}, "\x03123"[:3]},
		{"wrong payload size", frame.Header{Type: frame.TypeData, Flags: frame.FlagPadded, Stream: 1}, ""},
	} {
		tt.h.Length = uint32(len(tt.payload))
		b := append(frame.AppendHeader(nil, tt.h), tt.payload...)
		b = frame.AppendPing(b, false, [8]byte{})
		got := received(Options{}, b)
		if !strings.Contains(got, "\n          ; malformed: "+tt.why+"\n") || !strings.Contains(got, "opaque_data=0000") {
			t.Errorf("%v, want %q and the PING after it; got\n%s", tt.h, tt.why, got)
		}
	}
}

// A writer that fails and lines of two goroutines: neither may disturb a log.
func TestConcurrentDirections(t *testing.T) {
	New(failing{}, Options{}).Received(start, conversation())

	var out strings.Builder
	l := New(&out, Options{Start: start})
	b := conversation()
	var wg sync.WaitGroup
	feed := func(take func(time.Time, []byte), seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		for p := b; len(p) > 0; {
			n := min(len(p), 1+r.IntN(40))
			take(start, p[:n])
			p = p[n:]
		}
	}
	wg.Go(func() { feed(l.Received, 1) })
	wg.Go(func() { feed(l.Sent, 2) })
	wg.Wait()

	// Taken apart by direction, each is what it is alone.
	var recv, send strings.Builder
	into := &recv
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "] recv ") {
			into = &recv
		} else if strings.Contains(line, "] send ") {
			into = &send
		}
		into.WriteString(line)
	}
	if diff := cmp.Diff(conversationText, recv.String()); diff != "" {
		t.Errorf("received, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(strings.ReplaceAll(conversationText, "] recv ", "] send "), send.String()); diff != "" {
		t.Errorf("sent, -want +got:\n%s", diff)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

// A Log that could print nothing is refused at once.
func TestNilWriter(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it is no panic")
		}
	}()
	New(nil, Options{})
}
