package coretest

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Update is the flag -update: the tests that compare with a file write it
// instead.
var Update = flag.Bool("update", false, "rewrite the expectations of scripts and golden files")

// Run runs the scripts below a folder, each as a subtest: once as it stands,
// and then with the peer's bytes cut anywhere, which must change nothing.
func Run(t *testing.T, dir string) {
	scripts, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) == 0 {
		t.Fatalf("no scripts in %s", dir)
	}
	for _, s := range scripts {
		name, _ := filepath.Rel(dir, s.Path)
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			s.test(t)
		})
	}
}

func (s *Script) test(t *testing.T) {
	var main session
	for _, st := range s.stanzas {
		if err := main.stanza(st); err != nil {
			t.Fatalf("%s:%d: %v\n%s", s.Path, st.line, err, strings.Join(main.lines, "\n"))
		}
		if *Update {
			st.want = slices.Clone(main.lines)
		} else if !slices.Equal(main.lines, st.want) {
			t.Errorf("%s:%d: %s\n%s", s.Path, st.line, st.text, diff(st.want, main.lines))
		}
	}
	if *Update && !t.Failed() {
		if err := os.WriteFile(s.Path, []byte(s.Text()), 0o644); err != nil {
			t.Error(err)
		}
	}
	if t.Failed() || s.whole {
		return
	}
	rnd := rand.New(rand.NewPCG(uint64(len(s.Path)), 7))
	s.replay(t, "one byte at a time", func(n int) int {
		if n > 64<<10 {
			return min(n, 1+rnd.IntN(4096))
		}
		return 1
	})
	s.replay(t, "cut at random", func(n int) int { return 1 + rnd.IntN(n) })
}

// replay runs the script with its input cut.
func (s *Script) replay(t *testing.T, how string, cut func(int) int) {
	c := session{cut: cut}
	for _, st := range s.stanzas {
		if err := c.stanza(st); err != nil {
			t.Fatalf("%s:%d: %s: %v", s.Path, st.line, how, err)
		}
		events, out := split(st.want)
		gotEvents, gotOut := split(c.lines)
		if !slices.Equal(events, gotEvents) || !slices.Equal(out, gotOut) {
			t.Fatalf("%s:%d: with the input %s: %s\n%s%s", s.Path, st.line, how, st.text,
				diff(events, gotEvents), diff(out, gotOut))
		}
	}
}

// split separates what was sent from what was reported: in pieces, the two
// mingle differently. When a stream may write again is left out, since it is
// said whenever the input pauses.
func split(lines []string) (events, out []string) {
	for _, l := range lines {
		switch {
		case strings.HasPrefix(l, "out "):
			out = append(out, l)
		case !strings.HasPrefix(l, "Writable") && !strings.HasPrefix(l, "StreamsAllowed"):
			events = append(events, l)
		}
	}
	return events, out
}

// diff shows two lists of lines, with the lines that only one has marked.
func diff(want, got []string) string {
	var b strings.Builder
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			b.WriteString("    " + want[i] + "\n")
			i, j = i+1, j+1
		case i < len(want) && (j >= len(got) || !slices.Contains(got[j:], want[i])):
			b.WriteString("  - " + want[i] + "\n")
			i++
		default:
			b.WriteString("  + " + got[j] + "\n")
			j++
		}
	}
	return b.String()
}
