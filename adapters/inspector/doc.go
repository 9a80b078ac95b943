// Package inspector prints the frames of an HTTP/2 connection, in both
// directions, much as nghttp -v does:
//
//	[  0.012] recv HEADERS frame <length=38, flags=0x25, stream_id=1>
//	          ; END_STREAM | END_HEADERS | PRIORITY
//	          (dep_stream_id=0, weight=201, exclusive=0)
//	          :method: GET
//	          :path: /
//	[  0.013] send WINDOW_UPDATE frame <length=4, flags=0x00, stream_id=0>
//	          (window_size_increment=32768)
//
// A [Log] stands beside a connection: whoever reads and writes the bytes also
// hands them to it, from the first one on and in any pieces. It doesn't take
// part. It judges no frame, it changes nothing, and it shows what an endpoint
// would refuse as readily as what it would accept.
//
// What the log shows of a frame is what the peer wrote, so control bytes are
// quoted and long values cut. Of DATA and of frames of unknown types it shows
// the length, of the latter also the first bytes. The values of cookie,
// set-cookie, authorization and proxy-authorization and of fields that were
// sent as never indexed (RFC 7541 §7.1.3) are replaced by <sensitive> unless
// [Options] says otherwise.
//
// To print fields it decompresses them a second time. Bytes that can't be
// decompressed, or a field block that was not seen whole, end that for the
// direction; the log says so once and goes on without fields.
//
// What a peer can make the log hold, for each direction: the payload of one
// frame other than DATA (at most Options.MaxPayload, by default 64 KiB), one
// field that was cut between frames (twice that, and a little), a compression
// table (1 MiB, if the endpoint permits as much), and the text of the bytes
// handed in, which is written out whenever it exceeds 32 KiB.
package inspector
