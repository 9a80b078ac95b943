package core

import (
	"strconv"

	"weft/core/frame"
)

func formatInt(n int) string { return strconv.Itoa(n) }

// SettingsOf is a full set of settings in force.
type SettingsOf struct {
	HeaderTableSize       uint32
	EnablePush            bool
	MaxConcurrentStreams  uint32 // 4294967295: not announced, unlimited
	InitialWindowSize     uint32
	MaxFrameSize          uint32
	MaxHeaderListSize     uint32 // 4294967295: not announced, unlimited
	EnableConnectProtocol bool
	NoRFC7540Priorities   bool
}

func (s *settings) public() SettingsOf {
	return SettingsOf{
		s.headerTable, s.push, s.maxStreams, s.initialWindow, s.maxFrameSize, s.maxHeaderList,
		s.connectProtocol, s.noPriorities,
	}
}

// LocalSettings returns our settings as far as they are in force.
func (c *Conn) LocalSettings() SettingsOf { return c.local.public() }

// PeerSettings returns the peer's settings.
func (c *Conn) PeerSettings() SettingsOf { return c.peer.public() }

// PendingSettings returns how many of our SETTINGS the peer has not
// acknowledged.
func (c *Conn) PendingSettings() int { return len(c.pending) }

// TableLimits returns the limits of the HPACK tables we send and receive by, in
// bytes.
func (c *Conn) TableLimits() (encoder, decoder uint32) {
	return c.enc.MaxDynamicTableSize(), c.decoderLimit
}

// ConnInfo is the state of a connection at one moment, in bytes where nothing
// else is said.
type ConnInfo struct {
	SendWindow    int64 // what the peer lets us send
	RecvWindow    int64 // what we let the peer send
	RecvSize      int64 // what RecvWindow is kept at
	RecvOwed      int64 // received and not yet returned
	NextStream    StreamID
	LastPeer      StreamID // the highest stream the peer opened
	OpenLocal     int      // streams we opened that count towards the peer's limit
	OpenPeer      int      // streams the peer opened that count towards ours
	Streams       int      // all streams on the wire, reserved ones included
	Waiting       int      // serialised bytes waiting
	AbuseLeft     int      // points left of Limits.AbuseBudget at the last charge
	EncoderTable  uint32   // limit of the HPACK table we send by
	DecoderTable  uint32   // limit of the HPACK table we receive by
	GoingAway     bool     // we sent GOAWAY
	PeerGoingAway bool     // the peer sent GOAWAY
	LastFault     Fault    // the latest, also of requests that were refused unreported
	// FramesReceived counts the frames the peer sent so far, those that were
	// dropped included. The client's magic string is no frame.
	FramesReceived uint64
	// FramesWaiting is how many frames are serialised and not yet taken by
	// AppendOutput or SwapOutput.
	FramesWaiting int
}

// Info returns the connection's state.
func (c *Conn) Info() ConnInfo {
	return ConnInfo{
		SendWindow: c.sendWindow, RecvWindow: c.inflow.window, RecvSize: c.inflow.size, RecvOwed: c.inflow.owed,
		NextStream: c.nextID, LastPeer: c.lastPeerID,
		OpenLocal: c.openLocal, OpenPeer: c.openPeer, Streams: c.wireStreams,
		Waiting: c.OutputPending(), AbuseLeft: int(c.abuse.left / milli),
		EncoderTable: c.enc.MaxDynamicTableSize(), DecoderTable: c.decoderLimit,
		GoingAway: c.shuttingDown(), PeerGoingAway: c.goneAway, LastFault: c.lastFault,
		FramesReceived: c.frames, FramesWaiting: c.framesWaiting(),
	}
}

// framesWaiting walks the output: frames are whole in it, behind a client's
// magic string, and what else may stand there ends a connection.
func (c *Conn) framesWaiting() (n int) {
	out := c.out
	if c.client && !c.taken {
		out = out[len(Preface):]
	}
	var pieces []Piece
	if c.lent != nil {
		pieces = c.lent.pieces
	}
	for len(out) >= frame.HeaderLen {
		size := frame.HeaderLen + int(frame.ParseHeader(out).Length)
		if len(pieces) > 0 && pieces[0].At-(len(c.out)-len(out)) <= frame.HeaderLen+1 {
			size -= len(pieces[0].Data) // its payload, behind at most the length of a padding
			pieces = pieces[1:]
		}
		if size > len(out) {
			break // an answer to HTTP/1
		}
		out = out[size:]
		n++
	}
	return n
}

// StreamInfo is the state of a stream at one moment, in bytes where nothing
// else is said.
type StreamInfo struct {
	State       State
	SendWindow  int64 // what the peer lets us send; may be negative
	RecvWindow  int64 // what we let the peer send
	Unread      int64 // delivered and not yet consumed
	Weight      int   // RFC 7540, 1 to 256
	ChildWeight int   // sum of the weights of the streams that depend on it
	Urgency     int   // RFC 9218, 0 to 7
	Incremental bool
	Waiting     bool // a Send fell short
	Held        bool
}

// Stream returns the state of a stream that is not idle, or ok false for one
// that is gone.
func (c *Conn) Stream(id StreamID) (info StreamInfo, ok bool) {
	s := c.streams.find(id)
	if s == nil {
		return StreamInfo{}, false
	}
	info = StreamInfo{
		State: s.state, SendWindow: s.sendWindow, RecvWindow: s.recvWindow, Unread: s.unread,
		Weight: defaultWeight, Urgency: int(s.urgency), Incremental: s.incremental,
		Waiting: s.waiting != notWaiting, Held: s.held,
	}
	if s.node != nil {
		info.Weight = s.node.weight
		for k := s.node.first; k != nil; k = k.next {
			info.ChildWeight += k.weight
		}
	}
	return info, true
}

// StreamState returns where a stream stands. A closed stream that is no longer
// remembered is StateClosed.
func (c *Conn) StreamState(id StreamID) State {
	if s := c.streams.find(id); s != nil {
		return s.state
	}
	if id == 0 || c.isIdle(id) {
		return StateIdle
	}
	if how, _ := c.closedIDs.find(id); how != nil {
		return how.state
	}
	return StateClosed
}

// Unprocessed reports whether a request of ours is beyond the last stream the
// peer's GOAWAY names, and so was not acted on.
func (c *Conn) Unprocessed(id StreamID) bool {
	return c.goneAway && c.isOurs(id) && id > c.goAwayGot
}
