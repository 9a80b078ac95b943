package core

// recall is the block in which the fields came that stand in the buffer. While the
// table stands, the same bytes mean the same field, and most of a request's fields
// come as they did in the request before.
type recall struct {
	raw  []byte // empty if it is not known
	ends literalEnds
}

// literalEnds is where the literals of a block end (RFC 7541 §6.2), as scanBlock
// finds out. A block with more of them, or a longer one, is not recalled.
type literalEnds [16]uint16

const maxRecall = 4 << 10

// decodeFields decodes the representations in raw, which scanBlock has found to
// be whole. What came in the same bytes in the block before stands at its place of
// the buffer. It needs no decoding, nor does the decoder have to follow it, for
// only what goes into the table changes anything in that.
func (c *Conn) decodeFields(raw []byte) error {
	scan, last := &c.block.scan, &c.recall
	if scan.inserts || scan.updated || scan.literals > len(scan.ends) || len(raw) > maxRecall || c.listFault != FaultNone || scan.fields > c.cfg.MaxHeaderFields {
		last.raw = last.raw[:0]
		return c.hpackDecode(raw)
	}
	from := 0                 // raw[from:pos] is to be decoded
	was, begun := last.raw, 0 // was[begun:] is field i as it came before
	literals, wereLiterals := 0, 0
	stood := c.fieldBuf[:cap(c.fieldBuf)]
	whole := 0 // as many of them are the block's
	for pos, i := 0, 0; pos < len(raw); i++ {
		begin := pos
		if raw[pos]&0x80 != 0 {
			pos += indexLen(raw[pos:])
		} else {
			pos = int(scan.ends[literals])
			literals++
		}
		if begun == len(was) {
			break
		}
		before := begun
		if was[begun]&0x80 != 0 {
			begun += indexLen(was[begun:])
		} else {
			begun = int(last.ends[wereLiterals])
			wereLiterals++
		}
		if raw[begin] != was[before] || (pos > begin+1 || begun > before+1) && string(raw[begin:pos]) != string(was[before:begun]) {
			continue
		}
		if from < begin {
			c.fieldBuf = stood[:whole]
			if err := c.hpackDecode(raw[from:begin]); err != nil {
				return err
			}
		}
		from = pos
		f := &stood[i]
		whole = i + 1
		c.same |= 1 << i
		if c.got.size += len(f.Name) + len(f.Value) + fieldOverhead; c.got.size > c.cfg.MaxHeaderList {
			break
		}
	}
	c.fieldBuf = stood[:whole]
	if c.got.size > c.cfg.MaxHeaderList {
		c.refuseList(FaultHeaderListTooLarge)
	}
	if err := c.hpackDecode(raw[from:]); err != nil {
		return err
	}
	last.raw = last.raw[:0]
	if c.listFault == FaultNone {
		last.raw, last.ends = append(last.raw, raw...), scan.ends
	}
	return nil
}

// only forgets all but the first n fields.
func (r *recall) only(n int) {
	pos, literals := 0, 0
	for ; n > 0 && pos < len(r.raw); n-- {
		if r.raw[pos]&0x80 != 0 {
			pos += indexLen(r.raw[pos:])
		} else {
			pos = int(r.ends[literals])
			literals++
		}
	}
	r.raw = r.raw[:pos]
}

// indexLen is how long the indexed field is that b begins with (RFC 7541 §6.1).
func indexLen(b []byte) int {
	if b[0] != 0xff {
		return 1
	}
	_, n := scanInteger(b, 0, 7)
	return n
}

func (c *Conn) hpackDecode(raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	_, err := c.dec.Write(raw)
	return err
}
