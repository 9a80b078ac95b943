package frame_test

import (
	"fmt"

	"weft/core/frame"
)

// A reader's loop: header, payload, next.
func Example() {
	var b []byte
	b = frame.AppendSettings(b, []frame.Setting{{frame.SettingMaxConcurrentStreams, 100}})
	b = frame.AppendData(b, 1, []byte("hello"), true, -1)
	b = frame.AppendRSTStream(b, 3, frame.Cancel)

	for len(b) >= frame.HeaderLen {
		h := frame.ParseHeader(b)
		p := b[frame.HeaderLen:][:h.Length]
		b = b[frame.HeaderLen:][h.Length:]

		fmt.Println(h)
		switch h.Type {
		case frame.TypeData:
			if f, err := frame.ParseData(h, p); err == nil {
				fmt.Printf("\t%q\n", f.Data)
			}
		case frame.TypeSettings:
			if frame.CheckSettings(h, p) == nil {
				for i := range frame.NumSettings(p) {
					fmt.Printf("\t%v\n", frame.SettingAt(p, i))
				}
			}
		case frame.TypeRSTStream:
			if code, err := frame.ParseRSTStream(h, p); err == nil {
				fmt.Printf("\t%v\n", code)
			}
		}
	}
	// Output:
	// SETTINGS stream=0 len=6
	// 	MAX_CONCURRENT_STREAMS=100
	// DATA stream=1 len=5 END_STREAM
	// 	"hello"
	// RST_STREAM stream=3 len=4
	// 	CANCEL
}

// Padding counts against flow control, so ParseData says how much there was.
func ExampleParseData() {
	b := frame.AppendData(nil, 1, []byte("secret"), false, 10)
	f, err := frame.ParseData(frame.ParseHeader(b), b[frame.HeaderLen:])
	fmt.Printf("%q %d %v\n", f.Data, f.Overhead, err)
	// Output: "secret" 11 <nil>
}

// A field block larger than one frame continues in others.
func ExampleAppendContinuation() {
	block := []byte{0x82, 0x87, 0x84, 0x41, 0x01, 'a'}
	var b []byte
	b = frame.AppendHeaders(b, 1, block[:4], frame.FlagEndStream, nil, -1)
	b = frame.AppendContinuation(b, 1, block[4:], true)
	fmt.Printf("% x\n", b)
	// Output: 00 00 04 01 01 00 00 00 01 82 87 84 41 00 00 02 09 04 00 00 00 01 01 61
}

func ExampleNextOrigin() {
	b := frame.AppendOrigin(nil, "https://a.example", "https://b.example")
	p := b[frame.HeaderLen:]
	for o, rest, ok := frame.NextOrigin(p); ok; o, rest, ok = frame.NextOrigin(rest) {
		fmt.Printf("%s\n", o)
	}
	// Output:
	// https://a.example
	// https://b.example
}
