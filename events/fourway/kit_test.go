package fourway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

// What the scenarios are written with: the two ends and their transcripts. It
// says the same as testdata/kit.js.

// patience bounds every wait. Nothing takes a tenth of it; it is how long a
// hang takes to become a line of the transcript.
const patience = 20 * time.Second

// A transcript is what one end saw: lists of lines by the object that they are
// about.
type transcript map[string][]string

// A scenario is one story with two ends.
type scenario struct {
	name          string
	serverOptions func(o *events.SecureServerOptions)
	clientOptions func(o *events.ConnectOptions)
	server        func(w *serverEnd)
	before        func(w *clientEnd) // called before the session connects
	client        func(w *clientEnd) // may block
}

// pattern is a body of n bytes that both languages know.
func pattern(n int) []byte {
	const line = "0123456789abcdefghijklmnopqrstuvwxyz\n"
	return bytes.Repeat([]byte(line), n/len(line)+1)[:n]
}

// digest is what a transcript has of data.
func digest(p []byte) string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:4])
}

// errorText is an error in a transcript: Node's code, and what the message
// says beyond that.
func errorText(err error) string {
	var e *events.Error
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "ENOENT"
	case !errors.As(err, &e):
		return "Error " + err.Error()
	case e.Code == "ERR_HTTP2_STREAM_ERROR", e.Code == "ERR_HTTP2_SESSION_ERROR":
		return e.Code + " " + e.Message
	}
	return e.Code
}

// fieldsText is a header block in a transcript: pseudo-fields in the order of
// their names, and without what differs from run to run.
func fieldsText(h events.Headers) string {
	var pseudo, parts []string
	seen := map[string]bool{"date": true}
	for name := range h.All() {
		if seen[name] {
			continue
		}
		seen[name] = true
		value := text(h.Get(name))
		if name == "set-cookie" {
			list, _ := json.Marshal(h.Values(name))
			value = string(list)
		}
		if name == ":authority" {
			if host, _, err := net.SplitHostPort(value); err == nil && host == "127.0.0.1" {
				value = host
			}
		}
		if name[0] == ':' {
			pseudo = append(pseudo, name+"="+value)
		} else {
			parts = append(parts, name+"="+value)
		}
	}
	slices.Sort(pseudo)
	return strings.Join(append(pseudo, parts...), " ")
}

// text shortens long values.
func text(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%d bytes %s", len(s), digest([]byte(s)))
	}
	return s
}

// An end is one end of a scenario, with its transcript.
type end struct {
	mu      sync.Mutex
	objects transcript
	open    map[string]chan struct{} // closed when the object has
	names   map[*events.Stream]string
	apart   bool // it is chance what aborted falls between
}

func newEnd() end {
	return end{
		objects: transcript{},
		open:    map[string]chan struct{}{},
		names:   map[*events.Stream]string{},
	}
}

func (w *end) say(object, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[object] = append(w.objects[object], strings.TrimSuffix(fmt.Sprintf(format, args...), " "))
}

// attempt says with what error something failed, or that it did not.
func (w *end) attempt(object, what string, err error) {
	if err != nil {
		w.say(object, "%s: %s", what, errorText(err))
	} else {
		w.say(object, "%s: ok", what)
	}
}

// named makes a name that is not taken.
func (w *end) named(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	unique := name
	for i := 2; ; i++ {
		if _, taken := w.objects[unique]; !taken {
			break
		}
		unique = fmt.Sprintf("%s#%d", name, i)
	}
	w.objects[unique] = nil
	return unique
}

// opened notes an object that has to close; what it returns says that it has.
func (w *end) opened(name string) (closed func()) {
	ch := make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[name] = ch
	return func() { close(ch) }
}

// closed waits until a stream has closed.
func (w *end) closed(st *events.Stream) {
	w.mu.Lock()
	ch := w.open[w.names[st]]
	w.mu.Unlock()
	w.await(ch, "close")
}

// await waits until ch is closed.
func (w *end) await(ch <-chan struct{}, what string) {
	select {
	case <-ch:
	case <-time.After(patience):
		w.say("late", "%s", what)
	}
}

// quiet waits until everything that was watched has closed, except what is
// named.
func (w *end) quiet(except string) {
	late := time.After(patience)
	for {
		open, name := w.anyOpen(except)
		if open == nil {
			return
		}
		select {
		case <-open:
		case <-late:
			w.say(name, "never closed")
			return
		}
	}
}

func (w *end) anyOpen(except string) (chan struct{}, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, ch := range w.open {
		select {
		case <-ch:
		default:
			if name != except {
				return ch, name
			}
		}
	}
	return nil, ""
}

// told returns a copy of the transcript.
func (w *end) told() transcript {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := transcript{}
	for name, lines := range w.objects {
		if len(lines) > 0 {
			told[name] = slices.Clone(lines)
		}
	}
	return told
}

// A watcher writes down what a stream emits. The data between two events is
// summed up.
type watcher struct {
	w     *end
	name  string
	bytes int
	hash  hash.Hash
}

func (v *watcher) say(format string, args ...any) {
	if v.bytes > 0 {
		v.w.say(v.name, "data %d %s", v.bytes, hex.EncodeToString(v.hash.Sum(nil)[:4]))
		v.bytes = 0
		v.hash.Reset()
	}
	v.w.say(v.name, format, args...)
}

func (v *watcher) block(what string) func(events.Headers, events.Flags) {
	return func(h events.Headers, flags events.Flags) { v.say("%s flags=%d %s", what, flags, fieldsText(h)) }
}

// watch watches a stream. Without read nobody listens to its data.
func (w *end) watch(st *events.Stream, name string, read bool) *watcher {
	v := &watcher{w: w, name: name, hash: sha256.New()}
	w.mu.Lock()
	w.names[st] = name
	w.mu.Unlock()
	closed := w.opened(name)
	if read {
		st.OnData(func(p []byte) {
			v.bytes += len(p)
			v.hash.Write(p)
		})
	}
	st.OnTrailers(v.block("trailers"))
	st.OnEnd(func() { v.say("end") })
	st.OnAborted(func() {
		if w.apart {
			w.say(name+" apart", "aborted")
			return
		}
		v.say("aborted")
	})
	st.OnError(func(err error) { v.say("error %s", errorText(err)) })
	st.OnTimeout(func() { v.say("timeout") }).Once()
	st.OnFrameError(func(frameType uint8, code core.ErrCode, _ events.StreamID) {
		v.say("frameError %d %d", frameType, code)
	})
	st.OnClose(func() {
		code, _ := st.RSTCode()
		v.say("close %d", code)
		closed()
	})
	return v
}

func (w *end) watchSession(s *events.Session, name string) {
	closed := w.opened(name)
	s.OnError(func(err error) { w.say(name, "error %s", errorText(err)) })
	s.OnFrameError(func(frameType uint8, code core.ErrCode, id events.StreamID) {
		w.say(name, "frameError %d %d %d", frameType, code, id)
	})
	s.OnClose(func() {
		w.say(name, "close")
		closed()
	})
}

// goaways writes down the first GOAWAY of a session: one of Node's that is
// destroyed says it once more if there is time.
func (w *end) goaways(s *events.Session) {
	s.OnGoaway(func(code core.ErrCode, last events.StreamID, opaque []byte) {
		w.say("session", "goaway %d %d %s", code, last, opaque)
	}).Once()
}

// signal is closed once, however often it is fired.
type signal struct {
	once sync.Once
	ch   chan struct{}
}

func newSignal() *signal { return &signal{ch: make(chan struct{})} }

func (s *signal) fire() { s.once.Do(func() { close(s.ch) }) }

func TestPattern(t *testing.T) {
	if got := digest(pattern(100)); got != "620128f6" {
		t.Errorf("digest(pattern(100)) = %s, and in JavaScript 620128f6", got)
	}
}
