package peers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A browser is a headless Chromium, driven by the DevTools protocol over two
// pipes: unlike --dump-dom, it can wait for what a page does after its load.
type browser struct {
	*process
	out     *os.File
	in      *bufio.Reader
	session string
	last    int
}

func chromium(t testing.TB, pki *pki) *browser {
	t.Helper()
	cmd := exec.Command(need(t, "chromium"),
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(),
		"--ignore-certificate-errors-spki-list="+pki.pin,
		"--remote-debugging-pipe", "about:blank")
	home := t.TempDir() // the launcher writes to it
	cmd.Env = append(cmd.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	commands, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{commands, answers} // 3 and 4
	b := &browser{process: start(t, cmd), out: out, in: bufio.NewReader(in)}
	commands.Close()
	answers.Close()
	t.Cleanup(func() { out.Close(); in.Close() })
	in.SetReadDeadline(time.Now().Add(patience))

	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Page.enable", nil, nil)
	return b
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params any             `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`

	SessionID string `json:"sessionId,omitempty"`
}

// receive returns the next message. Messages end with a NUL.
func (b *browser) receive() message {
	b.t.Helper()
	raw, err := b.in.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	var m message
	if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	return m
}

// call sends a command and stores its result. Events on the way are dropped.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.last++
	raw, err := json.Marshal(message{ID: b.last, Method: method, Params: params, SessionID: b.session})
	if err != nil {
		b.t.Fatal(err)
	}
	b.out.Write(append(raw, 0))
	for {
		m := b.receive()
		if m.ID != b.last {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("chromium: %s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// open navigates to url and waits for its load event.
func (b *browser) open(url string) {
	b.t.Helper()
	b.last++
	raw, err := json.Marshal(message{ID: b.last, Method: "Page.navigate", Params: map[string]any{"url": url}, SessionID: b.session})
	if err != nil {
		b.t.Fatal(err)
	}
	b.out.Write(append(raw, 0))
	for {
		m := b.receive()
		var r struct{ ErrorText string }
		if m.ID == b.last && json.Unmarshal(m.Result, &r) == nil && r.ErrorText != "" {
			b.t.Fatalf("chromium: %s: %s", url, r.ErrorText)
		}
		if m.Method == "Page.loadEventFired" {
			return
		}
	}
}

// eval runs a script in the page, waits for the promise it makes, and stores
// what that became.
func (b *browser) eval(script string, result any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("chromium: %s", r.ExceptionDetails)
	}
	if err := json.Unmarshal(r.Result.Value, result); err != nil {
		b.t.Fatal(fmt.Errorf("%w in %s", err, r.Result.Value))
	}
}

// await waits for an event.
func (b *browser) await(method string) {
	b.t.Helper()
	for b.receive().Method != method {
	}
}
