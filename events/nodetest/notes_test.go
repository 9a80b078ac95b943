package nodetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"weft/events"
)

// notes is what happened in a test, in order. The sessions of a test that is in
// no bubble have one goroutine, so that nothing moves while the log is looked
// at; within one, whoever looks waits before.
type notes struct {
	mu  sync.Mutex
	log []string
}

func (n *notes) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, fmt.Sprintf(format, args...))
}

// forget forgets what was noted, and returns it.
func (n *notes) forget() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	log := n.log
	n.log = nil
	return log
}

// of returns the notes that begin with a word, without it.
func (n *notes) of(who string) (list []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.log {
		if rest, ok := strings.CutPrefix(s, who+" "); ok {
			list = append(list, rest)
		}
	}
	return list
}

// saw reports whether exactly this was noted.
func (n *notes) saw(line string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.log, line)
}

// compare compares notes.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("happened:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// watch notes the events that both kinds of stream have, except for data: a
// listener for it would let it flow.
func (n *notes) watch(who string, st *events.Stream) {
	st.OnTrailers(func(h events.Headers, f events.Flags) { n.note("%s trailers %s flags=%d", who, text(h), f) })
	st.OnFinish(func() { n.note("%s finish", who) })
	n.watchEnd(who, st)
}

// watchEnd notes how a stream ends.
func (n *notes) watchEnd(who string, st *events.Stream) {
	st.OnAborted(func() { n.note("%s aborted", who) })
	st.OnEnd(func() { n.note("%s end", who) })
	st.OnError(func(err error) { n.note("%s error %s", who, errText(err)) })
	st.OnClose(func() {
		code, _ := st.RSTCode()
		n.note("%s close %d", who, code)
	})
}
