package core

// recall is how the fields that stand in the buffer came, by their places: as
// one byte that points into a table (RFC 7541 §6.1), or 0. While the table
// stands, the same byte means the same field, and most of a request's fields
// come like that.
type recall [32]byte

// decodeFields decodes the representations in raw, which scanBlock has found to
// be whole. Those that are recalled need no decoding, nor does the decoder have
// to follow them: an indexed field changes nothing in it.
func (c *Conn) decodeFields(raw []byte) error {
	scan := &c.block.scan
	if scan.inserts || scan.updated || c.listFault != FaultNone {
		c.recall = recall{}
		return c.hpackDecode(raw)
	}
	from, i := 0, 0 // raw[from:pos] is to be decoded; pos is where field i begins
	for pos := 0; pos < len(raw); i++ {
		x := raw[pos]
		if x <= 0x80 || x == 0xff || i >= len(c.recall) {
			if i < len(c.recall) {
				c.recall[i] = 0
			}
			pos += representationLen(raw[pos:])
			continue
		}
		pos++
		if c.recall[i] != x {
			c.recall[i] = x
			continue
		}
		if err := c.hpackDecode(raw[from : pos-1]); err != nil {
			return err
		}
		from = pos
		list := c.fieldBuf[:i+1]
		if !c.hasRoom(list[i].Name, list[i].Value) {
			break
		}
		c.fieldBuf = list
		c.same |= 1 << i
	}
	return c.hpackDecode(raw[from:])
}

func (c *Conn) hpackDecode(raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	_, err := c.dec.Write(raw)
	return err
}

// representationLen is how long the whole representation is that b begins with.
func representationLen(b []byte) int {
	prefix := uint(4)
	switch x := b[0]; {
	case x&0x80 != 0:
		_, n := scanInteger(b, 0, 7)
		return n
	case x&0x40 != 0:
		prefix = 6
	}
	index, n := scanInteger(b, 0, prefix)
	if index == 0 { // the name is a string, too
		n += stringLen(b[n:])
	}
	return n + stringLen(b[n:])
}

func stringLen(b []byte) int {
	length, n := scanInteger(b, 0, 7)
	return n + length
}
