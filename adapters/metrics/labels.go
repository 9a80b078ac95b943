package metrics

import (
	"slices"
	"sync/atomic"

	"weft/events"
)

// methods are those with series of their own (RFC 9110 §9, RFC 5789).
var methods = [...]string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

// methodNumber is len(methods) for all others.
func methodNumber(method string) int {
	if i := slices.Index(methods[:], method); i >= 0 {
		return i
	}
	return len(methods)
}

func methodName(i int) string {
	if i == len(methods) {
		return "other"
	}
	return methods[i]
}

// statuses are counted from 100 on; what is none is at 0.
type statuses [500]atomic.Int64

func (s *statuses) add(status int) {
	if status < 101 || status > 599 {
		status = 100
	}
	s[status-100].Add(1)
}

// codes are counted by their numbers, those without a name together.
type codes [events.HTTP11Required + 2]atomic.Int64

func (c *codes) add(code events.ErrCode) { c[min(int(code), len(c)-1)].Add(1) }

func codeName(i int) string {
	if i > int(events.HTTP11Required) {
		return "other"
	}
	return events.ErrCode(i).String()
}

func (c *codes) total() (n int64) {
	for i := range c {
		n += c[i].Load()
	}
	return n
}
