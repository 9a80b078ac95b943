package inspector_test

import (
	"os"
	"time"

	"weft/adapters/inspector"
	"weft/core/frame"
)

func ExampleLog() {
	log := inspector.New(os.Stdout, inspector.Options{})
	now := time.Unix(0, 0)

	log.Received(now, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	log.Received(now, frame.AppendHeaders(nil, 1, []byte{0x82, 0x84, 0x87}, frame.FlagEndStream|frame.FlagEndHeaders, nil, -1))
	now = now.Add(12 * time.Millisecond)
	log.Sent(now, frame.AppendHeaders(nil, 1, []byte{0x88}, frame.FlagEndHeaders, nil, -1))
	log.Sent(now, frame.AppendData(nil, 1, []byte("Hello"), true, -1))

	// Output:
	// [  0.000] recv connection preface
	// [  0.000] recv HEADERS frame <length=3, flags=0x05, stream_id=1>
	//           ; END_STREAM | END_HEADERS
	//           :method: GET
	//           :path: /
	//           :scheme: https
	// [  0.012] send HEADERS frame <length=1, flags=0x04, stream_id=1>
	//           ; END_HEADERS
	//           :status: 200
	// [  0.012] send DATA frame <length=5, flags=0x01, stream_id=1>
	//           ; END_STREAM
}
