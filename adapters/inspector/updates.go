package inspector

import "errors"

var (
	errTruncated = errors.New("the field block ends within a table size update")
	errTableSize = errors.New("a table size update is too large")
)

// cutUpdates applies the table size updates at the start of a block and returns
// what follows them. RFC 7541 §4.2 lets a block begin with two; the decoder
// takes the second for a misplaced one unless its table is empty.
func (s *fields) cutUpdates(p []byte) ([]byte, error) {
	for s.atStart && len(p) > 0 {
		if len(s.lead) == 0 && p[0]&0xe0 != 0x20 {
			s.atStart = false
			break
		}
		s.lead, p = append(s.lead, p[0]), p[1:]
		size, ok := updateSize(s.lead)
		if size > maxTable {
			return nil, errTableSize
		}
		if ok {
			s.dec.SetMaxDynamicTableSize(size)
			s.lead = s.lead[:0]
		}
	}
	return p, nil
}

// updateSize reads a table size update (RFC 7541 §6.3): an integer in five bits
// and, if these are all set, in seven bits of each byte after (§5.1). ok is
// false if b ends before it does; more than maxTable is too large at once.
func updateSize(b []byte) (size uint32, ok bool) {
	size = uint32(b[0] & 0x1f)
	if size < 0x1f {
		return size, true
	}
	for i, c := range b[1:] {
		if i == 4 {
			return maxTable + 1, false // no size within bounds takes as many
		}
		size += uint32(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return size, true
		}
	}
	return size, false
}
