package peers

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	summary = regexp.MustCompile(`(\d+) tests?, (\d+) passed, (\d+) skipped, (\d+) failed`)
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

type score struct{ passed, skipped, failed int }

// scoreOf reads the summary that h2spec and h2specd end with.
func scoreOf(t testing.TB, text string) score {
	t.Helper()
	m := summary.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no summary in:\n%s", tail(text))
	}
	var n [5]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i])
	}
	return score{n[2], n[3], n[4]}
}

// failures is the part of a report that explains what failed.
func failures(text string) string {
	text = colours.ReplaceAllString(text, "")
	if at := summary.FindStringIndex(text); at != nil {
		text = text[:at[1]]
	}
	if i := strings.Index(text, "Failures:"); i >= 0 {
		return text[i:]
	}
	return tail(text)
}

func TestH2spec(t *testing.T) {
	t.Parallel()
	h2spec := need(t, "h2spec")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		args := []string{"--strict", "--host", "127.0.0.1", "--port", s.port()}
		if w.secure {
			args = append(args, "--tls", "--insecure")
		}
		r := run(t, exec.Command(h2spec, args...))
		text := string(r.stdout)
		if got, want := scoreOf(t, text), (score{passed: 146}); got != want || r.code != 0 {
			t.Errorf("got %+v and exit %d, want %+v and 0\n%s", got, r.code, want, failures(text))
		}
		s.healthy()
	})
}

// h2specd is a server that commits one fault a port, and runs the client under
// test once for each. It looks at frames, not at the client's exit code.
func TestH2specClient(t *testing.T) {
	if testing.Short() {
		t.Skip("a second for each of 57 cases")
	}
	t.Parallel()
	h2specd := need(t, "h2specd")
	overWires(t, func(t *testing.T, w wire) {
		get := weft(t, "get", "-o", "/dev/null")
		args := []string{"--strict", "--host", "127.0.0.1", "--from-port", fmt.Sprint(freePorts(t, 64))}
		if w.secure {
			pki := thePKI(t)
			get.Args = append(get.Args, "--cacert", pki.ca)
			args = append(args, "--tls", "--cert-file", pki.cert, "--cert-key-file", pki.key)
		}
		args = append(args, "--exec", strings.Join(get.Args, " "))
		r := run(t, exec.Command(h2specd, args...))
		text := string(r.stdout)
		if got, want := scoreOf(t, text), (score{passed: 57}); got != want {
			t.Errorf("got %+v, want %+v\n%s", got, want, failures(text))
		}
	})
}
