package events

import "weft/core"

// PriorityOptions say where a stream stands among the others (RFC 7540 §5.3).
// Priorities of RFC 9218 win where the peer signals both.
type PriorityOptions struct {
	// Exclusive makes the stream the only one that depends on Parent: those
	// that did before depend on it.
	Exclusive bool
	// Parent is the stream this one depends on; 0, the default, is the root.
	Parent StreamID
	// Weight is the stream's share against its siblings', 1 to 256; what is
	// outside is taken to the nearest, and 0 means the default, 16.
	Weight int
	// Silent changes the order of what this side sends, and tells the peer
	// nothing.
	Silent bool
}

func (o PriorityOptions) priority() core.Priority {
	w := o.Weight
	if w == 0 {
		w = defaultWeight
	}
	return core.Priority{Parent: o.Parent, Exclusive: o.Exclusive, Weight: min(max(w, 1), 256)}
}

// Priority moves the stream in the order of what is sent, and unless Silent
// asks the peer to do the same, by a PRIORITY frame. For a request that was not
// sent yet it counts when it is.
//
// Errors: ErrInvalidStream; ErrInvalidArg for a stream that would depend on
// itself, which for a request that was not sent yet is its error event.
func (st *Stream) Priority(o PriorityOptions) error {
	st.s.lock()
	defer st.s.unlock()
	switch {
	case st.is(isDestroyed):
		return ErrInvalidStream
	case st.id == 0:
		p := o.priority()
		x := st.extras()
		x.priority, x.silent = &p, o.Silent
		return nil
	case st.is(offWire):
		return nil // it sends nothing any more
	}
	if err := checkParent(st.id, o.Parent); err != nil {
		return err
	}
	if err := st.s.conn.Prioritize(st.id, o.priority(), o.Silent); err != nil {
		return misuse(err)
	}
	st.s.touched = true
	return nil
}

// checkParent judges what a stream is to depend on.
func checkParent(id, parent StreamID) error {
	switch {
	case parent == id:
		return ErrInvalidArg.with(`The property "options.parent" is %d: a stream can't depend on itself`, parent)
	case parent > core.MaxStreamID:
		return ErrInvalidArg.with(`The property "options.parent" is %d: not the id of a stream`, parent)
	}
	return nil
}
