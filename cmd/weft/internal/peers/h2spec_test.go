package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
// side.
//
// Some cases send a whole response and only then what they are about. A client
// that has all it wanted may be gone by then; so this one wants the URL twice,
// and h2specd answers once.
//
// When a command takes three seconds, h2specd gives up altogether. A machine that
// is busy may make it so, hence such a section, but no failed case, is run again.
func TestH2specClient(t *testing.T) {
	if testing.Short() {
		t.Skip("a second for each of 57 cases")
	}
	t.Parallel()
	h2specd := need(t, "h2specd")
	overWires(t, func(t *testing.T, w wire) {
		get := get(t, w, "-o", os.DevNull, "-o", os.DevNull)
		twice := filepath.Join(t.TempDir(), "twice")
		script := fmt.Sprintf("#!/bin/sh\nexec %s \"$1\" \"$1\"\n", strings.Join(get.Args, " "))
		if err := os.WriteFile(twice, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		run := func(sections string) *process {
			args := []string{"--strict", "--host", "127.0.0.1", "--from-port", fmt.Sprint(freePorts(t, 64)), "--exec", twice}
			if w.secure {
				pki := thePKI(t)
				args = append(args, "--tls", "--cert-file", pki.cert, "--cert-key-file", pki.key)
			}
			for section := range strings.FieldsSeq(sections) {
				args = append(args, "client/"+section)
			}
			return start(t, exec.Command(h2specd, args...))
		}
		groups := []string{"1 4", "5", "6.1 6.2 6.3 6.4", "6.5 6.6 6.7 6.8", "6.9 6.10"}
		running := make([]*process, len(groups))
		for i, sections := range groups {
			running[i] = run(sections)
		}
		for _, p := range running {
			p.wait()
		}
		var total score
		for i, sections := range groups {
			text := running[i].printed.String()
			for tries := 0; strings.Contains(text, "Error: Timeout") && tries < 3; tries++ {
				p := run(sections)
				p.wait()
				text = p.printed.String()
			}
			got := scoreOf(t, text)
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
