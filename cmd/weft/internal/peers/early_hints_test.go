package peers

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"weft/events"
)

// A browser asks for what an early hint names before it has the page, for the page
// is not answered until then; and it uses what it got.
func TestEarlyHints(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	b := chromium(t, thePKI(t))
	server := hinting(t)
	addr, err := server.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.DestroyAll(); server.Shutdown(context.Background()) })

	b.open("https://" + addr.String() + "/")
	var found struct {
		Hinted bool     // the page had an informational response first
		Loads  []string // of the style sheet: who asked for it, from where it came, how
		Color  string   // of the heading
	}
	b.eval(`({
		Hinted: performance.getEntriesByType("navigation")[0].firstInterimResponseStart > 0,
		Loads: performance.getEntriesByName(new URL("/style.css", location).href)
			.flatMap(load => [load.initiatorType, load.deliveryType, load.nextHopProtocol]),
		Color: getComputedStyle(document.querySelector("h1")).color,
	})`, &found)
	if !found.Hinted {
		t.Error("the browser saw no informational response")
	}
	if want := []string{"early-hints", "cache", "h2"}; !slices.Equal(found.Loads, want) {
		t.Errorf("loads of the style sheet: %q, want %q", found.Loads, want)
	}
	if n := server.styles.Load(); n != 1 {
		t.Errorf("the style sheet was asked for %d times, want once: what was preloaded is used", n)
	}
	if found.Color != "rgb(0, 128, 128)" {
		t.Errorf("the heading is %q: the style sheet does not apply", found.Color)
	}
}

// A hintingServer hints at a style sheet, and answers for the page when that has
// been asked for.
type hintingServer struct {
	*events.SecureServer
	styles atomic.Int32
}

func hinting(t *testing.T) *hintingServer {
	t.Helper()
	secure, err := events.CreateSecureServer(events.SecureServerOptions{TLS: thePKI(t).config(t)})
	if err != nil {
		t.Fatal(err)
	}
	s := &hintingServer{SecureServer: secure}
	var page atomic.Pointer[events.Response]
	s.OnRequest(func(req *events.Request, res *events.Response) {
		switch req.URL() {
		case "/":
			page.Store(res)
			// Chromium often overlooks a hint that follows its request at once, as
			// happens only within one machine. Once it has answered a PING it is
			// past that.
			st, _ := req.Stream()
			st.Session().Ping(func(error, time.Duration, [8]byte) {
				res.WriteEarlyHints([]string{"</style.css>; rel=preload; as=style"})
			})
		case "/style.css":
			s.styles.Add(1)
			res.SetHeader("content-type", "text/css")
			res.SetHeader("cache-control", "max-age=60")
			res.EndString("h1 { color: teal }")
			if res := page.Swap(nil); res != nil {
				res.SetHeader("content-type", "text/html")
				res.EndString(`<!doctype html><link rel="stylesheet" href="/style.css"><h1>Hello</h1>`)
			}
		default:
			res.SetStatusCode(404)
			res.End(nil)
		}
	})
	return s
}
