package events

import (
	"time"

	"weft/core"
)

// Diagnostics are functions that are told of what becomes of streams; any may
// be nil, and what nobody is told of costs nothing. They are for
// SessionOptions.Diagnostics, and may be shared by many sessions.
//
// They are callbacks like all others: they run in turns, in the order things
// happened, before the stream's own event about it, and must not block. For
// different sessions they may run at the same time. Because they run after the
// fact, each gets a record of how the stream stood when it happened. If one
// panics, that is logged and nothing else comes of it.
type Diagnostics struct {
	Client ClientDiagnostics
	Server ServerDiagnostics
}

// ClientDiagnostics are the diagnostics of a client's streams: requests and
// pushes.
type ClientDiagnostics struct {
	// StreamCreated: a request was made, or a push promised. A request has no
	// id yet.
	StreamCreated func(at ClientStreamRecord, headers Headers)
	// StreamStart: the request got its id and is on its way. A push starts as
	// it is created.
	StreamStart func(at ClientStreamRecord, headers Headers)
	// StreamFinish: the final response's headers came.
	StreamFinish func(at ClientStreamRecord, headers Headers, flags Flags)
	// StreamError: the stream failed. The error event follows.
	StreamError func(at ClientStreamRecord, err error)
	// StreamBodyChunkSent: pieces of the body were handed to the connection.
	StreamBodyChunkSent func(at ClientStreamRecord, chunk BodyChunk)
	// StreamBodySent: the whole body was, or there is none.
	StreamBodySent func(at ClientStreamRecord)
	// StreamClose: the stream has a code, and nothing more is sent on it.
	StreamClose func(at ClientStreamRecord)
}

// ServerDiagnostics are the diagnostics of a server's streams: requests and
// pushes.
type ServerDiagnostics struct {
	// StreamCreated: a request came, or a push was promised.
	StreamCreated func(at ServerStreamRecord, headers Headers)
	// StreamStart: the request is handed to the application. A push starts as
	// it is created.
	StreamStart func(at ServerStreamRecord, headers Headers)
	// StreamFinish: the response's headers were sent, as given here.
	StreamFinish func(at ServerStreamRecord, headers Headers, flags Flags)
	// StreamError: the stream failed. The error event follows.
	StreamError func(at ServerStreamRecord, err error)
	// StreamClose: the stream has a code, and nothing more is sent on it.
	StreamClose func(at ServerStreamRecord)
}

// ClientStreamRecord is a client's stream as it stood when something happened.
type ClientStreamRecord struct {
	Stream *ClientStream
	StreamMoment
}

// ServerStreamRecord is a server's stream as it stood when something happened.
type ServerStreamRecord struct {
	Stream *ServerStream
	StreamMoment
}

// StreamMoment is what was true of a stream when something happened.
type StreamMoment struct {
	Time      time.Time
	ID        StreamID // 0 while a client's request waits
	Closed    bool
	Destroyed bool
	RSTCode   core.ErrCode // NoError while it is not closed
}

// BodyChunk is a part of a body that was handed to the connection at once.
type BodyChunk struct {
	// Writev says that several pieces were written before they could be sent.
	Writev bool
	// Data are the pieces as they were written, or read from a source; one
	// unless Writev. They are the callback's, and may be kept.
	Data [][]byte
	// Encoding is "buffer", what Node calls bytes; or "" with Writev.
	Encoding string
}
