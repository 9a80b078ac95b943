package core

// State is where a stream stands in the diagram of RFC 9113 §5.1. The closed
// state is split by how the stream got there, since late frames are judged by
// it.
//
//	                       idle
//	      promise sent  /   |   \  promise received
//	                   v    |    v
//	     reserved (local)   |   reserved (remote)
//	            |           | HEADERS      |
//	            |           v              |
//	            |   +---- open ----+       |
//	HEADERS sent|   | END_STREAM   |       |HEADERS received
//	            v   v received sent v      v
//	 half-closed (remote)    half-closed (local)
//	            |                  |
//	            +---> closed <-----+     RST_STREAM: from anywhere
type State uint8

// The states of a stream.
const (
	StateIdle State = iota
	StateReservedLocal
	StateReservedRemote
	StateOpen
	StateHalfClosedLocal
	StateHalfClosedRemote
	StateClosed       // both sides said END_STREAM
	StateClosedByPeer // the peer sent RST_STREAM
	StateClosedByUs   // we sent RST_STREAM: late frames are to be expected
	numStates
)

var stateNames = [numStates]string{
	"idle", "reserved (local)", "reserved (remote)", "open",
	"half-closed (local)", "half-closed (remote)",
	"closed", "closed (reset by peer)", "closed (reset by us)",
}

// String returns the name of RFC 9113 §5.1.
func (s State) String() string {
	if s < numStates {
		return stateNames[s]
	}
	return "unknown"
}

// closed reports whether nothing can happen on the stream any more.
func (s State) closed() bool { return s >= StateClosed }

// peerMaySend reports whether DATA may still arrive.
func (s State) peerMaySend() bool { return s == StateOpen || s == StateHalfClosedLocal }

// input is what can happen to a stream. PRIORITY is not among them: it is
// legal in every state and changes none (RFC 9113 §6.3).
type input uint8

const (
	recvHeaders input = iota
	recvHeadersEnd
	recvData
	recvDataEnd
	recvReset
	recvWindow
	recvPush    // PUSH_PROMISE on the request stream
	recvPromise // the stream was promised by a PUSH_PROMISE
	sendHeaders
	sendHeadersEnd
	sendData
	sendDataEnd
	sendReset
	sendWindow
	sendPush
	sendPromise
	numInputs
)

var inputNames = [numInputs]string{
	"recv HEADERS", "recv HEADERS+END", "recv DATA", "recv DATA+END", "recv RST_STREAM",
	"recv WINDOW_UPDATE", "recv PUSH_PROMISE", "recv promise",
	"send HEADERS", "send HEADERS+END", "send DATA", "send DATA+END", "send RST_STREAM",
	"send WINDOW_UPDATE", "send PUSH_PROMISE", "send promise",
}

// A step is a cell of the transition table. Its zero value is a violation: the
// caller asked for what is not permitted, ErrStreamState. For what is received
// no cell is left at zero: each names its fault.
type step struct {
	verdict verdict
	next    State
	fault   Fault
}

type verdict uint8

const (
	violation verdict = iota
	legal             // go to next
	ignored           // a race: keep the books, then drop the frame
	faulty            // the peer's fault
)

func to(s State) step      { return step{verdict: legal, next: s} }
func wrong(f Fault) step   { return step{verdict: faulty, fault: f} }
func lateFrame() step      { return step{verdict: ignored} }
func (s step) legal() bool { return s.verdict == legal }

// steps is the transition table. Reading it row by row is reading RFC 9113
// §5.1; testdata/state.golden prints it whole.
var steps = [numStates][numInputs]step{
	StateIdle: {
		recvHeaders:    to(StateOpen),
		recvHeadersEnd: to(StateHalfClosedRemote),
		recvData:       wrong(FaultIdleStream),
		recvDataEnd:    wrong(FaultIdleStream),
		recvReset:      wrong(FaultIdleStream),
		recvWindow:     wrong(FaultIdleStream),
		recvPush:       wrong(FaultPushStream),
		recvPromise:    to(StateReservedRemote),
		sendHeaders:    to(StateOpen),
		sendHeadersEnd: to(StateHalfClosedLocal),
		sendPromise:    to(StateReservedLocal),
	},
	StateReservedLocal: {
		recvHeaders:    wrong(FaultReservedStream),
		recvHeadersEnd: wrong(FaultReservedStream),
		recvData:       wrong(FaultReservedStream),
		recvDataEnd:    wrong(FaultReservedStream),
		recvReset:      to(StateClosedByPeer),
		recvWindow:     to(StateReservedLocal),
		recvPush:       wrong(FaultPushStream),
		recvPromise:    wrong(FaultPromisedID),
		sendHeaders:    to(StateHalfClosedRemote),
		sendHeadersEnd: to(StateClosed),
		sendReset:      to(StateClosedByUs),
	},
	StateReservedRemote: {
		recvHeaders:    to(StateHalfClosedLocal),
		recvHeadersEnd: to(StateClosed),
		recvData:       wrong(FaultReservedStream),
		recvDataEnd:    wrong(FaultReservedStream),
		recvReset:      to(StateClosedByPeer),
		recvWindow:     wrong(FaultReservedStream),
		recvPush:       wrong(FaultPushStream),
		recvPromise:    wrong(FaultPromisedID),
		sendReset:      to(StateClosedByUs),
		sendWindow:     to(StateReservedRemote),
	},
	StateOpen: {
		recvHeaders:    to(StateOpen),
		recvHeadersEnd: to(StateHalfClosedRemote),
		recvData:       to(StateOpen),
		recvDataEnd:    to(StateHalfClosedRemote),
		recvReset:      to(StateClosedByPeer),
		recvWindow:     to(StateOpen),
		recvPush:       to(StateOpen),
		recvPromise:    wrong(FaultPromisedID),
		sendHeaders:    to(StateOpen),
		sendHeadersEnd: to(StateHalfClosedLocal),
		sendData:       to(StateOpen),
		sendDataEnd:    to(StateHalfClosedLocal),
		sendReset:      to(StateClosedByUs),
		sendWindow:     to(StateOpen),
		sendPush:       to(StateOpen),
	},
	StateHalfClosedLocal: {
		recvHeaders:    to(StateHalfClosedLocal),
		recvHeadersEnd: to(StateClosed),
		recvData:       to(StateHalfClosedLocal),
		recvDataEnd:    to(StateClosed),
		recvReset:      to(StateClosedByPeer),
		recvWindow:     to(StateHalfClosedLocal),
		recvPush:       to(StateHalfClosedLocal),
		recvPromise:    wrong(FaultPromisedID),
		sendReset:      to(StateClosedByUs),
		sendWindow:     to(StateHalfClosedLocal),
	},
	StateHalfClosedRemote: {
		recvHeaders:    wrong(FaultHalfClosed),
		recvHeadersEnd: wrong(FaultHalfClosed),
		recvData:       wrong(FaultHalfClosed),
		recvDataEnd:    wrong(FaultHalfClosed),
		recvReset:      to(StateClosedByPeer),
		recvWindow:     to(StateHalfClosedRemote),
		recvPush:       wrong(FaultPushStream),
		recvPromise:    wrong(FaultPromisedID),
		sendHeaders:    to(StateHalfClosedRemote),
		sendHeadersEnd: to(StateClosed),
		sendData:       to(StateHalfClosedRemote),
		sendDataEnd:    to(StateClosed),
		sendReset:      to(StateClosedByUs),
		sendPush:       to(StateHalfClosedRemote),
	},
	StateClosed: {
		recvHeaders:    wrong(FaultClosedStream),
		recvHeadersEnd: wrong(FaultClosedStream),
		recvData:       wrong(FaultClosedStream),
		recvDataEnd:    wrong(FaultClosedStream),
		recvReset:      lateFrame(),
		recvWindow:     lateFrame(),
		recvPush:       wrong(FaultPushStream),
		recvPromise:    wrong(FaultPromisedID),
	},
	StateClosedByPeer: {
		recvHeaders:    wrong(FaultResetStream),
		recvHeadersEnd: wrong(FaultResetStream),
		recvData:       wrong(FaultResetStream),
		recvDataEnd:    wrong(FaultResetStream),
		recvReset:      lateFrame(),
		recvWindow:     lateFrame(),
		recvPush:       wrong(FaultPushStream),
		recvPromise:    wrong(FaultPromisedID),
	},
	StateClosedByUs: {
		recvHeaders:    lateFrame(),
		recvHeadersEnd: lateFrame(),
		recvData:       lateFrame(),
		recvDataEnd:    lateFrame(),
		recvReset:      lateFrame(),
		recvWindow:     lateFrame(),
		recvPush:       lateFrame(), // the promised stream is reserved all the same
		recvPromise:    wrong(FaultPromisedID),
	},
}

// with returns the input that carries END_STREAM when end is set.
func (i input) with(end bool) input {
	if end {
		return i + 1
	}
	return i
}
