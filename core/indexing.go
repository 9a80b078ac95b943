package core

// What goes into the compression table is the encoder's choice (RFC 7541 §2.2).
// A value that never comes back only pushes others out of it, and costs both
// ends more than it saves. So of the fields that tend to have another value each
// time, one goes in when its value is sent for the second time.

// sightings remembers values of such fields by their hashes, the last for each
// place. A value that is forgotten is sent once more as it is, no more.
type sightings [32]uint32

// isFickle reports whether a field is one of those. Paths that have a place in
// the static table are not.
func isFickle(f *Field) bool {
	switch f.Name {
	case ":path":
		return f.Value != "/" && f.Value != "/index.html"
	case "cookie", "if-match", "if-modified-since", "if-none-match", "range", "traceparent", "x-request-id",
		"age", "content-length", "content-range", "date", "etag", "expires", "last-modified", "location", "set-cookie":
		return true
	}
	return false
}

// isFresh reports whether the field is fickle, and was not sent before as far as
// is remembered. It is remembered now.
func (c *Conn) isFresh(f *Field) bool {
	if !isFickle(f) {
		return false
	}
	if c.sightings == nil {
		c.sightings = new(sightings)
	}
	h := hash(hash(0, f.Name), f.Value)
	at := &c.sightings[h>>59]
	if *at == uint32(h) {
		return false
	}
	*at = uint32(h)
	c.fresh = true
	return true
}

// hash goes on with a hash, eight bytes at a time. Whoever makes two values
// collide gains a place in the table for one of them.
func hash[T string | []byte](h uint64, s T) uint64 {
	const odd = 0x9e3779b97f4a7c15
	h = (h ^ uint64(len(s))) * odd
	for ; len(s) >= 8; s = s[8:] {
		h = (h ^ word(s)) * odd
		h ^= h >> 32
	}
	var x uint64
	for i := range len(s) {
		x |= uint64(s[i]) << (8 * i)
	}
	h = (h ^ x) * odd
	return h ^ h>>29
}
