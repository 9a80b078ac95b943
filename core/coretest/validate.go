package coretest

import (
	"fmt"

	"weft/core"
	"weft/core/frame"
)

// A Validator judges what one endpoint sends by what it has received: that
// every frame is permitted where it stands, that DATA stays inside the windows
// its peer granted, and that what is said once is not said twice. It keeps its
// own, simple books.
type Validator struct {
	Reader *Reader

	client bool
	in     cutter

	announced [][]core.Setting // of the peer, not acknowledged yet
	window    int64            // the initial one of a stream
	conn      int64
	maxOpen   uint32
	push      bool

	streams  map[core.StreamID]*watched
	lastOurs core.StreamID
	lastPeer core.StreamID
	lastAway core.StreamID
	pings    [][8]byte
	feeds    int
}

// watched is what is known of one stream.
type watched struct {
	window    int64
	headers   bool // our final header section went out
	ended     bool // we said END_STREAM
	peerEnded int  // by the peer, in which feed; 0: not
	reset     bool // by us
	peerReset int  // likewise
	promised  bool // by us
	opened    bool // on the wire as ours
}

// NewValidator returns a Validator for the output of a client or a server.
func NewValidator(client bool) *Validator {
	return &Validator{
		Reader: NewReader(client), client: client,
		in:     cutter{magic: !client},
		window: 65535, conn: 65535, maxOpen: 1<<32 - 1, push: true,
		streams: make(map[core.StreamID]*watched), lastAway: core.MaxStreamID,
	}
}

func (v *Validator) ours(id core.StreamID) bool { return id&1 == 1 == v.client }

// Received says what bytes the endpoint got.
func (v *Validator) Received(p []byte) {
	v.feeds++
	v.in.cut(p, v.received)
}

func (v *Validator) received(h frame.Header, p []byte) {
	s := v.streams[h.Stream]
	if h.Flags.Has(frame.FlagEndStream) && (h.Type == frame.TypeData || h.Type == frame.TypeHeaders) && s != nil {
		s.peerEnded = v.feeds
	}
	switch h.Type {
	case frame.TypeHeaders:
		if s == nil && !v.ours(h.Stream) && h.Stream > v.lastPeer {
			v.lastPeer = h.Stream
			s = &watched{window: v.window}
			v.streams[h.Stream] = s
			if h.Flags.Has(frame.FlagEndStream) {
				s.peerEnded = v.feeds
			}
		}
	case frame.TypePushPromise:
		if f, err := frame.ParsePushPromise(h, p); err == nil && !v.ours(f.Promised) && f.Promised > v.lastPeer {
			v.lastPeer = f.Promised
			v.streams[f.Promised] = &watched{}
		}
	case frame.TypeRSTStream:
		if s != nil && s.peerReset == 0 {
			s.peerReset = v.feeds
		}
	case frame.TypeWindowUpdate:
		if inc, err := frame.ParseWindowUpdate(h, p); err == nil && h.Stream == 0 {
			v.conn += int64(inc)
		} else if err == nil && s != nil {
			s.window += int64(inc)
		}
	case frame.TypeSettings:
		if !h.Flags.Has(frame.FlagAck) && h.Stream == 0 && len(p)%6 == 0 {
			var list []core.Setting
			for i := range frame.NumSettings(p) {
				list = append(list, frame.SettingAt(p, i))
			}
			v.announced = append(v.announced, list)
		}
	case frame.TypePing:
		if len(p) == 8 && !h.Flags.Has(frame.FlagAck) {
			v.pings = append(v.pings, [8]byte(p))
		}
	}
}

// Sent checks bytes the endpoint sent and returns the frames in them.
func (v *Validator) Sent(p []byte) (list []Frame, err error) {
	err = v.Reader.Read(p, func(f Frame) error {
		list = append(list, f)
		if f.Text != "" {
			return nil
		}
		if err := v.sent(f); err != nil {
			return fmt.Errorf("%v: %w", f, err)
		}
		return nil
	})
	return list, err
}

// acknowledged puts the peer's oldest settings into force.
func (v *Validator) acknowledged() error {
	if len(v.announced) == 0 {
		return fmt.Errorf("acknowledges nothing")
	}
	old := v.window
	for _, s := range v.announced[0] {
		switch s.ID {
		case core.SettingInitialWindowSize:
			v.window = int64(s.Value)
		case core.SettingMaxFrameSize:
			v.Reader.MaxFrame = int(s.Value)
		case core.SettingMaxConcurrentStreams:
			v.maxOpen = s.Value
		case core.SettingEnablePush:
			v.push = s.Value == 1
		case core.SettingHeaderTableSize:
			v.Reader.AllowTable(s.Value)
		}
	}
	v.announced = v.announced[1:]
	for _, s := range v.streams {
		s.window += v.window - old
	}
	return nil
}
