package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"weft/adapters/verb"
	"weft/adapters/websocket"
	"weft/events"
	wefttls "weft/transport/tls"
)

// open opens a shop, and returns its URL.
func open(t *testing.T) string {
	t.Helper()
	cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	app := newShop(t.Context()).WithOptions(verb.Options{
		Host: "localhost", TLS: verb.TLSOptions{Config: &tls.Config{Certificates: []tls.Certificate{cert}}},
	})
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return "https://" + addr.String()
}

var insecure = &tls.Config{InsecureSkipVerify: true}

// A visitor is a client of net/http with a jar of cookies.
type visitor struct {
	t *testing.T
	*http.Client
	base string
}

func visit(t *testing.T, base string) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: insecure.Clone(), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, &http.Client{Transport: transport, Jar: jar}, base}
}

// is compares what came with a status and parts of a body.
func (v *visitor) is(res *http.Response, err error) func(status int, parts ...string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return func(status int, parts ...string) {
		v.t.Helper()
		if err != nil || res.ProtoMajor != 2 || res.StatusCode != status {
			v.t.Errorf("%s: HTTP/%d, status %d, %v, want %d", res.Request.URL, res.ProtoMajor, res.StatusCode, err, status)
		}
		for _, p := range parts {
			if !strings.Contains(string(b), p) {
				v.t.Errorf("%s: no %q in %s", res.Request.URL, p, b)
			}
		}
	}
}

func (v *visitor) get(path string) func(int, ...string) {
	v.t.Helper()
	return v.is(v.Get(v.base + path))
}

func (v *visitor) post(path string, values ...string) func(int, ...string) {
	v.t.Helper()
	form := make(url.Values)
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return v.is(v.PostForm(v.base+path, form))
}

func TestVisit(t *testing.T) {
	v := visit(t, open(t))
	v.get("/")(200, "Nice to see you for the first time", "Herringbone tweed", "came by HTTP/2.0", "0 m</span>")
	v.get("/cloth/tweed")(200, "changes its mind")
	v.get("/cart")(200, "There is nothing in it yet")
	v.post("/cart", "id", "tweed", "metres", "3")(200, "Herringbone tweed</a>", "3 m at", "3 m</span>")
	v.post("/cart", "id", "tweed", "metres", "-1")(200, "2 m at")
	v.post("/order")(200, "Thank you", "0 m</span>")
	v.get("/cart")(200, "There is nothing in it yet")
	v.get("/status")(200, "Connections", "Frame errors")
	v.get("/metrics")(200, "weft_http2_connections 1")
	v.get(asset("style.css"))(200, "--paper")
	v.get("/swatches/moss.svg")(200, "<svg", "Moss satin")
	v.get("/")(200, "Eight cloths")
}

func TestRefused(t *testing.T) {
	v := visit(t, open(t))
	v.get("/nowhere")(404, "<h1>Not Found</h1>", "Nothing hangs on this hook")
	v.get("/cloth/velvet")(404, "There is no such cloth")
	v.get("/assets/../shop.go")(404)
	v.get("/swatches/velvet.svg")(404)
	v.get("/live")(400, "<h1>Bad Request</h1>")
	v.post("/cart", "id", "velvet", "metres", "1")(404, "There is no such cloth")
	v.post("/cart", "id", "moss", "metres", "many")(400, "Metres are a whole number")
	v.post("/cart", "id", "moss", "metres", "51")(422, "at most 50 metres")
	v.post("/cart", "id", "moss", "note", strings.Repeat("x", 5000))(413, "more than the counter can hold")
	v.get("/api/velvet")(404, `{"error":`)
	v.is(v.Client.Post(v.base+"/api/cart", "application/json", strings.NewReader(`{"id":"velvet"}`)))(404, `{"error":"There is no such cloth."}`)
	v.is(v.Client.Post(v.base+"/api/cart", "application/json", strings.NewReader(`{"id"`)))(400, `{"error":`)

	req, err := http.NewRequest("POST", v.base+"/cart", strings.NewReader("id=moss&metres=1"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://example.org")
	v.is(v.Do(req))(403)
	v.get("/cart")(200, "There is nothing in it yet")
}

// The cart is in the hands of the client, who may write there what it likes.
func TestCartOfAnybody(t *testing.T) {
	base := open(t)
	for cookie, want := range map[string]string{
		"moss:2":                     "2 m at",
		"moss:2.velvet:3":            ">2 m<",
		"moss:-2":                    "nothing in it",
		"moss:1000000":               "nothing in it",
		"moss":                       "nothing in it",
		"<b>:1":                      "nothing in it",
		strings.Repeat("moss:1.", 9): "1 m at",
	} {
		req, err := http.NewRequest("GET", base+"/cart", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cookie", "cart="+cookie)
		v := visit(t, base)
		v.is(v.Do(req))(200, want)
	}
}

// Everybody who watches hears of a price that rises, on the connection by which it
// was made to.
func TestLive(t *testing.T) {
	base := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a test that would hang
	defer cancel()
	session, err := events.Connect(ctx, base, events.ConnectOptions{TLS: insecure})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var watchers []*websocket.Conn
	for range 2 {
		c, err := websocket.Dial(ctx, session, "/live")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(websocket.StatusNormalClosure, "")
		watchers = append(watchers, c)
	}
	until := func(c *websocket.Conn, done func(n news) bool) {
		t.Helper()
		for {
			var n news
			_, p, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(p, &n); err != nil {
				t.Fatal(err)
			}
			if done(n) {
				return
			}
		}
	}
	for _, c := range watchers {
		until(c, func(n news) bool { return n.Visitors == 2 })
	}
	v := visit(t, base)
	v.post("/cart", "id", "moss", "metres", "20")(200)
	for _, c := range watchers {
		until(c, func(n news) bool { return n.Prices["moss"] > clothByID["moss"].Price*13/10 })
	}
	watchers[0].Close(websocket.StatusNormalClosure, "")
	until(watchers[1], func(n news) bool { return n.Visitors == 1 })
}
