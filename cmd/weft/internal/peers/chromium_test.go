package peers

import (
	"os"
	"strings"
	"testing"
)

func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	w := wires[1] // browsers speak no HTTP/2 without TLS
	b := chromium(t, thePKI(t))

	t.Run("site", func(t *testing.T) {
		s := serve(t, w)
		b.open(s.base + "/")
		script, err := os.ReadFile("testdata/page.js")
		if err != nil {
			t.Fatal(err)
		}
		var found visited
		b.eval(string(script), &found)
		found.check(t, s.site)
		s.healthy(t)
	})

	t.Run("built-in page", func(t *testing.T) {
		s := serveBuiltin(t, w)
		b.open(s.base + "/")
		var shown string
		b.eval(`new Promise(resolve => setTimeout(() => resolve(document.getElementById("protocol").textContent)))`, &shown)
		if want := "HTTP/2 (h2)"; shown != want {
			t.Errorf("the page says %q, want %q", shown, want)
		}
		noise := make([]byte, mebibyte)
		for i := range noise {
			noise[i] = byte(i * i >> 8)
		}
		var answer string
		b.eval(`fetch("/upload", { method: "POST", body: Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * i) / 256) })
			.then(response => response.text())`, &answer)
		if !strings.Contains(answer, hash(noise)) {
			t.Errorf("upload: got %q, want the hash %s", answer, hash(noise))
		}
		s.healthy(t)
	})
}

// visited is what testdata/page.js finds.
type visited struct {
	Navigation  string
	Hashes      []string
	Protocols   []string
	Aborted     string
	AfterAbort  string
	Upload      int
	AfterUpload string
	Revalidated int
}

func (v visited) check(t testing.TB, s *site) {
	t.Helper()
	if v.Navigation != "h2" {
		t.Errorf("the page came over %q, want h2", v.Navigation)
	}
	if len(v.Hashes) != 20 || len(v.Protocols) < 20 {
		t.Errorf("%d downloads, %d entries, want 20", len(v.Hashes), len(v.Protocols))
	}
	for i, h := range v.Hashes {
		if h != s.sum {
			t.Errorf("download %d has another hash", i)
		}
	}
	for _, p := range v.Protocols {
		if p != "h2" {
			t.Errorf("a resource came over %q, want h2", p)
		}
	}
	if v.Aborted != "AbortError" {
		t.Errorf("the abort gave %q", v.Aborted)
	}
	if v.AfterAbort != s.sum {
		t.Error("the download after the abort has another hash")
	}
	if v.Upload != 405 {
		t.Errorf("upload to a site: status %d, want 405", v.Upload)
	}
	if v.AfterUpload != s.sum {
		t.Error("the download after the upload has another hash")
	}
	if v.Revalidated != 200 {
		t.Errorf("revalidation: status %d, want 200", v.Revalidated)
	}
}
