package fuzz

import (
	"weft/core"
)

// model is the plain view of one stream: what was commanded and what was
// reported, nothing else.
type model struct {
	id     core.StreamID
	client bool // the end is a client
	ours   bool // this end opened or promised it

	promised bool // by PUSH_PROMISE, and not begun yet
	push     bool
	parent   core.StreamID // of a promise of ours
	counted  bool          // under the limit of concurrent streams

	head, connect bool // the request's method
	sentFinal     bool // request, or final response
	sentEnd       bool
	gotFinal      bool
	gotEnd        bool
	sentLength    int64 // announced and not yet sent, -1 if free, bodyless if none may be
	gotLength     int64

	over     bool // ended before its time
	reset    bool // by a command
	code     core.ErrCode
	reported bool // by a StreamReset
	held     bool
	early    bool // opened before the peer's settings were known

	accepted int64 // bytes Send took
	arrived  int64 // bytes DataReceived reported
	consumed int64

	// What a Send that fell short left over.
	short    bool
	wanted   int
	wantsEnd bool
}

const bodyless = -2

func (s *model) closed() bool { return s.over || s.sentEnd && s.gotEnd }

func (s *model) state() core.State {
	switch {
	case s.promised && s.ours:
		return core.StateReservedLocal
	case s.promised:
		return core.StateReservedRemote
	case s.sentEnd:
		return core.StateHalfClosedLocal
	case s.gotEnd:
		return core.StateHalfClosedRemote
	}
	return core.StateOpen
}

// maySend reports whether body bytes can be sent.
func (s *model) maySend() bool {
	return !s.closed() && s.sentFinal && !s.sentEnd && !s.promised
}

// begin ends the time of a promise.
func (s *model) begin() {
	if s.promised {
		s.promised, s.counted = false, true
	}
}

func (s *model) sendEnd() {
	s.sentEnd, s.short = true, false
}

func (s *model) end() {
	s.over, s.short = true, false
}

// lengthOf is the announced length of a message's body, -1 if there is none.
func lengthOf(list []core.Field) int64 {
	for _, f := range list {
		if f.Name == "content-length" {
			n := int64(0)
			for _, c := range []byte(f.Value) {
				n = n*10 + int64(c-'0')
			}
			return n
		}
	}
	return -1
}

func valueOf(list []core.Field, name string) string {
	for _, f := range list {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}
