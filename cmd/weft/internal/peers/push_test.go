package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/adapters/verb"
	"weft/events"
)

// pushing serves a page that pushes, by the wire. What fails is sent to the
// channel.
func pushing(t *testing.T, w wire) (base string, failures <-chan error) {
	t.Helper()
	opts := verb.Options{Host: "localhost"}
	if w.secure {
		pki := thePKI(t)
		cert, err := os.ReadFile(pki.cert)
		if err != nil {
			t.Fatal(err)
		}
		key, err := os.ReadFile(pki.key)
		if err != nil {
			t.Fatal(err)
		}
		opts.TLS = verb.TLSOptions{Cert: cert, Key: key}
		opts.HTTP2.AllowHTTP1 = events.Set(true)
	}
	app := verb.CreateServer(verb.HTTP2).WithOptions(opts)
	cache := verb.NewServerPushCache()
	cache.ProvideBytes("/learned.css", "text/css", []byte("i { color: teal }"))
	failed := make(chan error, 100)
	medium := theSite(t).medium
	app.Use(cache.Middleware())
	app.Get("/", func(req *verb.Request, res *verb.Response) error {
		var pushes []*verb.PushStream
		first := verb.FirstVisit("visited")
		if r := (verb.PushResource{Path: "/a.css"}); res.CanPush() && verb.AcceptsPush(req, r) && first(req, r) {
			style := res.Push(r.Path, verb.PushOptions{Headers: events.H("content-type", "text/css")})
			file, err := os.Open(medium)
			if err != nil {
				return err
			}
			large := res.Push("/1m.bin", verb.PushOptions{Headers: events.H("content-type", "application/octet-stream")})
			large.SendFrom(file)
			style.EndString("b { color: navy }")
			pushes = append(pushes, style, large)
		}
		pushes = append(pushes, res.PushResources(cache.GetResourcesForPage("/", req.Get("user-agent")), verb.AcceptsPush)...)
		for _, p := range pushes {
			p.OnError(func(err error) { failed <- err })
		}
		return res.HTML(greeting)
	})
	app.Get("/learned.css", func(_ *verb.Request, res *verb.Response) error { return res.Text("i { color: teal }") })
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return w.scheme + "://localhost:" + addr.String()[strings.LastIndex(addr.String(), ":")+1:], failed
}

// pushVisit is what testdata/push.mjs tells of one page.
type pushVisit struct {
	Order  []string
	Pushes map[string]struct {
		Refused, Status int
		Type, Hash      string
	}
	Status int
	Page   struct{ Hash string }
}

func TestNodePush(t *testing.T) {
	t.Parallel()
	node := need(t, "node")
	overWires(t, func(t *testing.T, w wire) {
		base, failures := pushing(t, w)
		r := must(t, exec.Command(node, "testdata/push.mjs", base, thePKI(t).ca))
		found := make(map[string]pushVisit)
		if err := json.Unmarshal(r.stdout, &found); err != nil {
			t.Fatal(err, r)
		}
		hashes := map[string]string{"/a.css": hash([]byte("b { color: navy }")), "/1m.bin": theSite(t).sum, "/learned.css": hash([]byte("i { color: teal }"))}
		types := map[string]string{"/a.css": "text/css", "/1m.bin": "application/octet-stream", "/learned.css": "text/css"}
		all := []string{"/a.css", "/1m.bin", "/learned.css", "page"}
		for name, want := range map[string][]string{
			"first":     {"/a.css", "/1m.bin", "page"},
			"again":     {"page"},
			"learned":   {"/learned.css", "page"},
			"none":      {"page"},
			"refused":   all,
			"cancelled": all,
			"disabled":  {"page"},
		} {
			v := found[name]
			if !slices.Equal(v.Order, want) || v.Status != 200 || v.Page.Hash != hash([]byte(greeting)) {
				t.Errorf("%s: %+v, want %q", name, v, want)
			}
			for path, p := range v.Pushes {
				if p.Refused == 0 && (p.Status != 200 || p.Hash != hashes[path] || p.Type != types[path]) {
					t.Errorf("%s: %s: %+v", name, path, p)
				}
			}
		}
		codes := make(map[events.ErrCode]int)
		for range 2 {
			var e *events.Error
			select {
			case err := <-failures:
				if !errors.As(err, &e) || !e.ByPeer {
					t.Error(err)
					continue
				}
				codes[e.HTTP2]++
			case <-time.After(patience):
				t.Fatal("the server does not know of what was refused: ", codes)
			}
		}
		if !maps.Equal(codes, map[events.ErrCode]int{events.RefusedStream: 1, events.Cancel: 1}) || len(failures) > 0 {
			t.Error("refused with", codes)
		}
	})
}

func TestNghttpPush(t *testing.T) {
	t.Parallel()
	nghttp := need(t, "nghttp")
	overWires(t, func(t *testing.T, w wire) {
		base, failures := pushing(t, w)
		r := must(t, exec.Command(nghttp, "-n", "-s", base+"/"))
		for _, line := range []string{` 200 +17 /a\.css`, ` 200 +1M /1m\.bin`, ` 200 .* /`} {
			star := `\*`
			if strings.HasSuffix(line, "/") {
				star = ` `
			}
			if !regexp.MustCompile(`(?m)` + star + `.*` + line + `$`).Match(r.stdout) {
				t.Errorf("no %q\n%s", line, r)
			}
		}
		r = must(t, exec.Command(nghttp, base+"/"))
		if !bytes.Contains(r.stdout, []byte(greeting)) || !bytes.Contains(r.stdout, []byte("b { color: navy }")) || len(r.stdout) != mebibyte+len(greeting)+17 {
			t.Errorf("%d bytes", len(r.stdout))
		}
		for _, flag := range []string{"--no-push", "-Haccept-push-policy: none", "-Hcookie: visited=yes"} {
			r = must(t, exec.Command(nghttp, flag, base+"/"))
			if string(r.stdout) != greeting {
				t.Errorf("with %s: %d bytes", flag, len(r.stdout))
			}
		}
		if len(failures) > 0 {
			t.Error(<-failures)
		}
	})
}

// By HTTP/1.1 the same page comes without pushes.
func TestCurlNoPush(t *testing.T) {
	t.Parallel()
	curl := need(t, "curl")
	base, failures := pushing(t, wires[1])
	for _, version := range []string{"--http1.1", "--http2"} {
		r := must(t, exec.Command(curl, "-sS", "--cacert", thePKI(t).ca, version, base+"/"))
		if string(r.stdout) != greeting {
			t.Errorf("%s: %s", version, r)
		}
	}
	if len(failures) > 0 {
		t.Error(<-failures)
	}
}
