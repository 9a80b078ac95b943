package peers

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/adapters/verb"
	"weft/adapters/websocket"
	"weft/events"
)

// node25 returns the path of a Node of major version 25, which has WebSockets of
// its own.
func node25(t *testing.T) string {
	t.Helper()
	path := os.Getenv("WEFT_NODE25")
	if path == "" {
		path, _ = filepath.Abs(filepath.Join(moduleRoot, ".peers/node25/node_modules/node/bin/node"))
	}
	if out, err := exec.Command(path, "--version").Output(); err != nil || !strings.HasPrefix(string(out), "v25.") {
		missing := "Node 25 is not installed: bash .ci/install, or WEFT_NODE25=PATH"
		if os.Getenv("WEFT_REQUIRE_PEERS") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return path
}

// Node opens a WebSocket by HTTP/1.1 on a port that speaks HTTP/2 as well, and
// has messages of mixed sizes echoed. One that is refused is an error.
func TestNodeWebSocket(t *testing.T) {
	t.Parallel()
	node := node25(t)
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{
		Host: "localhost", TLS: verb.TLSOptions{Config: thePKI(t).config(t)},
		HTTP2: verb.HTTP2Options{AllowHTTP1: events.Set(true)},
	})
	ended := make(chan error, 1)
	app.WebSocket("/echo", func(req *verb.Request, res *verb.Response) error {
		if v := req.HTTPVersion(); v != "1.1" {
			t.Errorf("the WebSocket came by HTTP/%s", v)
		}
		ws, err := res.Upgrade(echoOptions)
		if err != nil {
			return err
		}
		if !ws.Conn().Compressed() {
			t.Error("Node offers no compression")
		}
		ws.OnMessage(func(kind websocket.MessageType, data []byte) {
			if kind == websocket.Text {
				ws.SendText(string(data))
			} else {
				ws.Send(data)
			}
		})
		ws.OnClose(func(err error) { ended <- err })
		return nil
	})
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer app.Shutdown(ctx)
	cmd := exec.Command(node, "--input-type=module", "-e", `
		globalThis.location = { origin: "https://`+addr.String()+`" };
		const refused = await new Promise(resolve => {
			const ws = new WebSocket(location.origin.replace("https", "wss") + "/nothing");
			ws.onclose = event => resolve(event.code);
			ws.onopen = () => resolve("opened");
		});
		const result = await `+echoScript+`;
		console.log(JSON.stringify({ ...result, Refused: refused }));
	`)
	cmd.Env = append(cmd.Environ(), "NODE_EXTRA_CA_CERTS="+thePKI(t).ca)
	var got struct {
		echoed
		Refused int
	}
	if err := json.Unmarshal(must(t, cmd).stdout, &got); err != nil {
		t.Fatal(err)
	}
	got.check(t)
	if got.Refused != 1006 {
		t.Errorf("a path without WebSockets: closed with %d", got.Refused)
	}
	select {
	case err = <-ended:
	case <-time.After(patience):
	}
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != 4001 || closed.Reason != "done" {
		t.Errorf("the server read %v", err)
	}
}
