package peers

import (
	"fmt"
	"os"
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
		s.healthy(t)
	})
}

// h2specd is a server that commits one fault a port, and runs the client under
// test once for each. It looks at frames, not at the client's exit code. When it
// has seen enough it waits a second before it closes: the sections run side by
// side. Some cases commit their fault behind a complete response, when a client
// that has nothing more to ask may be gone; on a machine that is busy it now and
// then is. A section in which a case failed is therefore run again, alone, and
// that run counts.
func TestH2specClient(t *testing.T) {
	if testing.Short() {
		t.Skip("a second for each of 57 cases")
	}
	t.Parallel()
	h2specd := need(t, "h2specd")
	overWires(t, func(t *testing.T, w wire) {
		get := get(t, w, "-o", os.DevNull)
		command := func(sections string) *exec.Cmd {
			args := []string{"--strict", "--host", "127.0.0.1", "--from-port", fmt.Sprint(freePorts(t, 64))}
			if w.secure {
				pki := thePKI(t)
				args = append(args, "--tls", "--cert-file", pki.cert, "--cert-key-file", pki.key)
			}
			args = append(args, "--exec", strings.Join(get.Args, " "))
			for section := range strings.FieldsSeq(sections) {
				args = append(args, "client/"+section)
			}
			return exec.Command(h2specd, args...)
		}
		groups := []string{"1 4", "5", "6.1 6.2 6.3 6.4", "6.5 6.6 6.7 6.8", "6.9 6.10"}
		running := make([]*process, len(groups))
		for i, sections := range groups {
			running[i] = start(t, command(sections))
		}
		for _, p := range running {
			p.wait()
		}
		var total score
		for i, sections := range groups {
			text := running[i].printed.String()
			got := scoreOf(t, text)
			for tries := 0; got.failed > 0 && tries < 2; tries++ {
				t.Logf("once more, alone: %s\n%s", sections, failures(text))
				p := start(t, command(sections))
				p.wait()
				text = p.printed.String()
				got = scoreOf(t, text)
			}
			if got.failed > 0 {
				t.Error(failures(text))
			}
			total.passed += got.passed
			total.skipped += got.skipped
			total.failed += got.failed
		}
		if want := (score{passed: 57}); total != want {
			t.Errorf("got %+v, want %+v", total, want)
		}
	})
}
