package websocket

// AcceptDeflate is for tests.
var AcceptDeflate = acceptDeflate

// IsText reports whether pieces are text together.
func IsText(pieces ...string) bool {
	var r runes
	for _, p := range pieces {
		if !r.add([]byte(p)) {
			return false
		}
	}
	return r.complete()
}
