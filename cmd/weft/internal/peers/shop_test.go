package peers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	wefttls "weft/transport/tls"
)

// The shop is the example application of package verb.
var buildShop = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(scratch, "shop")
	args := []string{"build", "-o", bin}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "weft/adapters/verb/examples/shop")...).CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return bin, nil
})

// aShop is a shop that runs, with a development certificate of its own.
type aShop struct {
	*process
	base string
	pki  *pki // that certificate
}

func theShop(t testing.TB) *aShop {
	t.Helper()
	bin, err := buildShop()
	if err != nil {
		t.Fatal(err, bin)
	}
	cache := t.TempDir()
	cert, file, err := wefttls.DevelopmentCertificate(filepath.Join(cache, "weft"))
	if err != nil {
		t.Fatal(err)
	}
	pin := sha256.Sum256(cert.Leaf.RawSubjectPublicKeyInfo)
	cmd := exec.Command(bin, "-addr", "localhost:0")
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache, "HOME="+cache, "LocalAppData="+cache)
	p := start(t, cmd)
	return &aShop{p, p.line(printedURL)[1], &pki{ca: file, pin: base64.StdEncoding.EncodeToString(pin[:])}}
}

// A browser visits the shop: the page comes by HTTP/2, its prices by a WebSocket,
// and what is put into the cart is there.
func TestChromiumShop(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	need(t, "chromium")
	s := theShop(t)
	b := chromium(t, s.pki)
	b.open(s.base + "/")
	var found struct {
		Protocols []string
		Color     string
		Before    string
		After     string
		Metres    string
		Toast     string
		Way       string
	}
	b.eval(shopScript, &found)
	if len(found.Protocols) < 10 {
		t.Errorf("%d resources", len(found.Protocols))
	}
	for _, p := range found.Protocols {
		if p != "h2" {
			t.Errorf("a resource came by %q", p)
		}
	}
	if found.Before == found.After || !strings.HasPrefix(found.After, "€ ") {
		t.Errorf("the price was %q, and is %q", found.Before, found.After)
	}
	if found.Metres != "5 m" || found.Toast != "In your cart: 5 m." {
		t.Errorf("in the cart: %q, said: %q", found.Metres, found.Toast)
	}
	if !strings.Contains(found.Way, "HTTP/2.0, stream 1, with 2 early hints") {
		t.Errorf("the page says %q", found.Way)
	}

	// Everything so far, the WebSocket included, came on one connection.
	var counted struct{ Connections, Visitors string }
	b.eval(`fetch("/status").then(r => r.text()).then(text => {
		const page = new DOMParser().parseFromString(text, "text/html");
		const of = name => [...page.querySelectorAll("dt")].find(e => e.textContent == name).nextElementSibling.textContent;
		return { Connections: of("Connections"), Visitors: of("Visitors") };
	})`, &counted)
	if counted.Connections != "1" || counted.Visitors != "1" {
		t.Errorf("%s connections, %s WebSockets", counted.Connections, counted.Visitors)
	}

	b.open(s.base + "/cart")
	var lines []string
	b.eval(`[...document.querySelectorAll(".lines li")].map(e => e.querySelector("a").textContent + ", " + e.querySelector(".facts").textContent.split(" at")[0])`, &lines)
	if len(lines) != 1 || lines[0] != "Herringbone tweed, 5 m" {
		t.Errorf("the cart has %q", lines)
	}
	// The page that was left has let go of its WebSocket.
	var alone bool
	b.eval(`new Promise(resolve => {
		const look = () => { if (document.querySelector("[data-visitors]").textContent.startsWith("You are the only one")) resolve(true); };
		new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
		look();
	})`, &alone)
	// A form of the page, without a script.
	var submitted bool
	b.eval(`document.querySelector(".checkout").submit(), true`, &submitted)
	b.await("Page.loadEventFired")
	var title string
	b.eval(`document.querySelector("h1").textContent`, &title)
	if title != "Thank you" {
		t.Errorf("the order ends at %q", title)
	}
	s.interrupt()
	if code := s.wait(); code != 0 {
		t.Errorf("the shop ended with %d", code)
	}
}

// shopScript puts five metres of tweed into the cart, by the button of the page, and waits for
// the price to rise.
const shopScript = `new Promise(resolve => {
	const text = s => document.querySelector(s).textContent;
	const price = () => text("[data-price=tweed]");
	const result = {
		Protocols: performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource")).map(e => e.nextHopProtocol),
		Before: price(), Way: text("footer p:last-child"),
	};
	const button = document.querySelector("[name=id][value=tweed]").form.querySelector("button");
	const until = (done, then) => {
		const look = new MutationObserver(() => { if (done()) { look.disconnect(); then(); } });
		look.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
		if (done()) { look.disconnect(); then(); }
	};
	until(() => document.querySelector(".dot.on"), () => {
		let n = 0;
		const next = () => {
			if (n++ == 5) {
				result.Metres = text("[data-metres]"); result.Toast = text("[data-toast]");
				until(() => Number(price().slice(2)) > Number(result.Before.slice(2)), () => { result.After = price(); resolve(result); });
				return;
			}
			button.click();
			until(() => text("[data-metres]") == n + " m" && text("[data-toast]").includes(" " + n + " m"), next);
		};
		next();
	});
})`

// The first visit of a client that takes pushes comes with them, later ones do
// not.
func TestNghttpShop(t *testing.T) {
	t.Parallel()
	nghttp := need(t, "nghttp")
	s := theShop(t)
	pushed := regexp.MustCompile(`(?m)\*.* 200 .* /assets/(style\.css|app\.js)\?v=`)
	for _, x := range []struct {
		flag string
		want int
	}{{"-n", 2}, {"--no-push", 0}, {"-Hcookie: visited=yes", 0}, {"-Haccept-push-policy: none", 0}} {
		r := must(t, exec.Command(nghttp, "-n", "-s", x.flag, s.base+"/"))
		if n := len(pushed.FindAll(r.stdout, -1)); n != x.want {
			t.Errorf("%s: %d pushes, want %d\n%s", x.flag, n, x.want, r)
		}
	}
}

// By HTTP/1.1 there is the same shop.
func TestCurlShop(t *testing.T) {
	t.Parallel()
	bin := need(t, "curl")
	s := theShop(t)
	jar := filepath.Join(t.TempDir(), "jar")
	curl := func(args ...string) string {
		t.Helper()
		flags := []string{"-sS", "--http1.1", "--cacert", s.pki.ca, "-b", jar, "-c", jar, "-w", "\n%{http_version} %{http_code}"}
		return string(must(t, exec.Command(bin, append(flags, args...)...)).stdout)
	}
	has := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("no %q in\n%s", w, got)
			}
		}
	}
	has(curl(s.base+"/"), "came by HTTP/1.1.", "Moss satin", "\n1.1 200")
	has(curl("-L", "-d", "id=moss", "-d", "metres=2", s.base+"/cart"), "2 m at", "\n1.1 200")
	var list []struct{ ID string }
	body, _, _ := strings.Cut(curl(s.base+"/api/cloth"), "\n")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 8 {
		t.Error(err, len(list), "kinds of cloth")
	}
	has(curl("-i", "-r", "0-4", s.base+"/assets/app.js"), "Content-Range: bytes 0-4/", "\n1.1 206")
	has(curl(s.base+"/live"), "Bad Request", "\n1.1 400")
	has(curl(s.base+"/nowhere"), "<h1>Not Found</h1>", "\n1.1 404")
	has(curl("-d", "id=moss&x="+strings.Repeat("x", 8000), s.base+"/cart"), "<h1>Request Entity Too Large</h1>", "\n1.1 413")
	has(curl("-d", "id=moss&metres=1", "-H", "Origin: https://example.org", s.base+"/cart"), "\n1.1 403")
}
