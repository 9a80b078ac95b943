package frame

import "strconv"

// Type says what a frame is. Frames of an unknown type are to be ignored
// (RFC 9113 §5.5).
type Type uint8

// The frame types of RFC 9113 §6 and of three extensions.
const (
	TypeData           Type = 0x0
	TypeHeaders        Type = 0x1
	TypePriority       Type = 0x2
	TypeRSTStream      Type = 0x3
	TypeSettings       Type = 0x4
	TypePushPromise    Type = 0x5
	TypePing           Type = 0x6
	TypeGoAway         Type = 0x7
	TypeWindowUpdate   Type = 0x8
	TypeContinuation   Type = 0x9
	TypeAltSvc         Type = 0xa  // RFC 7838 §4
	TypeOrigin         Type = 0xc  // RFC 8336 §2
	TypePriorityUpdate Type = 0x10 // RFC 9218 §7.1
)

var typeNames = [...]string{
	TypeData:           "DATA",
	TypeHeaders:        "HEADERS",
	TypePriority:       "PRIORITY",
	TypeRSTStream:      "RST_STREAM",
	TypeSettings:       "SETTINGS",
	TypePushPromise:    "PUSH_PROMISE",
	TypePing:           "PING",
	TypeGoAway:         "GOAWAY",
	TypeWindowUpdate:   "WINDOW_UPDATE",
	TypeContinuation:   "CONTINUATION",
	TypeAltSvc:         "ALTSVC",
	TypeOrigin:         "ORIGIN",
	TypePriorityUpdate: "PRIORITY_UPDATE",
}

// String is the type's name in its RFC, or "UNKNOWN(0xfe)".
func (t Type) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return "UNKNOWN(" + hex(uint64(t)) + ")"
}

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

// Flags are a frame's flags. What a bit means depends on the frame's type;
// bits without a meaning are to be ignored (RFC 9113 §4.1).
type Flags uint8

const (
	FlagEndStream  Flags = 0x1  // DATA, HEADERS
	FlagAck        Flags = 0x1  // SETTINGS, PING
	FlagEndHeaders Flags = 0x4  // HEADERS, PUSH_PROMISE, CONTINUATION
	FlagPadded     Flags = 0x8  // DATA, HEADERS, PUSH_PROMISE
	FlagPriority   Flags = 0x20 // HEADERS
)

// Has reports whether all bits of f are set.
func (flags Flags) Has(f Flags) bool { return flags&f == f }

// flagsOf are the flags that mean something in a frame of each type.
var flagsOf = [...]Flags{
	TypeData:         FlagEndStream | FlagPadded,
	TypeHeaders:      FlagEndStream | FlagEndHeaders | FlagPadded | FlagPriority,
	TypeSettings:     FlagAck,
	TypePushPromise:  FlagEndHeaders | FlagPadded,
	TypePing:         FlagAck,
	TypeContinuation: FlagEndHeaders,
}

// names lists the flags, of which there is at least one, as they are called in
// a frame of type t, and in hexadecimal those that mean nothing there.
func (flags Flags) names(t Type) string {
	var known Flags
	if int(t) < len(flagsOf) {
		known = flagsOf[t] & flags
	}
	s := ""
	add := func(f Flags, name string) {
		if known&f != 0 {
			s += "|" + name
		}
	}
	if t == TypeSettings || t == TypePing {
		add(FlagAck, "ACK")
	} else {
		add(FlagEndStream, "END_STREAM")
	}
	add(FlagEndHeaders, "END_HEADERS")
	add(FlagPadded, "PADDED")
	add(FlagPriority, "PRIORITY")
	if rest := flags &^ known; rest != 0 {
		s += "|" + hex(uint64(rest))
	}
	return s[1:]
}
