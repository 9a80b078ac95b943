package websocket

import "testing"

// RFC 6455 §7.4: the codes that a close frame may have, in either direction.
func TestStatusCodes(t *testing.T) {
	for _, x := range []struct {
		from, to StatusCode
		ok       bool
	}{
		{0, 999, false}, {1000, 1003, true}, {1004, 1006, false}, {1007, 1014, true}, {1015, 2999, false},
		{3000, 4999, true}, {5000, 65535, false},
	} {
		for c := int(x.from); c <= int(x.to); c++ {
			if err := StatusCode(c).check(""); (err == nil) != x.ok {
				t.Errorf("%d: %v", c, err)
			}
		}
	}
}
