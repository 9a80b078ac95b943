package parity

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The check finds what it is there to find.
func TestParityCheck(t *testing.T) {
	p, err := Read(fstest.MapFS{
		"parity/one.tsv": {Data: []byte("# One\nshown\tGood\nunshown\tGood\twhy\nwrong\tGood,Gone.Away\n" +
			"excused\tGood\nexcused.wholly\nwithout\t\n")},
		"parity/two.tsv": {Data: []byte("# Two\nsoon\tGone\n")},
		"behaviours.tsv": {Data: []byte("ran\tping\nnot-ran\tping\nexcused-too\tping\n")},
		"reasons.tsv":    {Data: []byte("excused\ta decision\nexcused.wholly\ta decision\nexcused-too\tan RFC\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{"shown": {"TestA"}, "wrong": {"TestB/c", "TestA", "TestB/c", "TestD"}}
	tests := behaviours(map[string]bool{"TestNode_x/ran": true, "TestA": true})
	got := p.missing(shown, tests, func(s string) error {
		if strings.HasPrefix(s, "Gone") {
			return errors.New(s + " does not exist")
		}
		return nil
	})
	want := []string{
		"unshown (one): no test covers it",
		"wrong (one): Gone.Away does not exist",
		"without (one): no symbol",
		"without (one): no test covers it",
		"soon (two): Gone does not exist",
		"soon (two): no test covers it",
		"behaviour not-ran (ping): no test of that name passed",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	page := p.page("", shown, tests)
	for _, line := range []string{
		"| unshown | `Good` |  | why |",
		"| wrong | `Good`, `Gone.Away` | `TestA`, `TestB/c` and 1 more |  |",
		"| excused | `Good` | see reasons |  |",
		"| excused-too | an RFC |",
		"| ran | `TestNode_x/ran` |",
	} {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("the page lacks %q", line)
		}
	}
}

// Lists that contradict themselves are refused.
func TestParityLists(t *testing.T) {
	for name, files := range map[string][4]string{
		"a row twice":                {"a\nb\na\n", "b\n", "x\tping\n", ""},
		"a row in two lists":         {"a\n", "a\n", "x\tping\n", ""},
		"a behaviour twice":          {"a\n", "b\n", "x\tping\nx\tping\n", ""},
		"a reason without a row":     {"a\n", "b\n", "x\tping\n", "c\tbecause\n"},
		"a row without its reason":   {"a\n", "b\n", "x\tping\n", "a\t\n"},
		"a reason twice":             {"a\n", "b\n", "x\tping\n", "a\tone\na\ttwo\n"},
		"a column that nobody reads": {"a\tb\tc\td\n", "b\n", "x\tping\n", ""},
	} {
		_, err := Read(fstest.MapFS{
			"parity/one.tsv": {Data: []byte(files[0])}, "parity/two.tsv": {Data: []byte(files[1])},
			"behaviours.tsv": {Data: []byte(files[2])}, "reasons.tsv": {Data: []byte(files[3])},
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Symbols are what the compiler knows.
func TestParitySymbols(t *testing.T) {
	resolve, err := symbols(&Lists{lists: []list{{rows: []row{{symbols: []string{"core/frame.Header"}}}}}}, "weft/events")
	if err != nil {
		t.Fatal(err)
	}
	for symbol, want := range map[string]bool{
		"CreateServer":             true,
		"Session.Close":            true,
		"ClientSession.Close":      true, // of what it embeds
		"ServerOptions.Settings":   true,
		"Headers.Add":              true, // of the pointer
		"Field.Sensitive":          true, // of what it is an alias of
		"NoError":                  true,
		"core/frame.Header.Stream": true,
		"core/frame.HeaderLen":     true,
		"CreateSever":              false,
		"Session.Vanish":           false,
		"Session.destroy":          false,
		"Vanished.Close":           false,
		"session":                  false,
		"core/frame.CreateServer":  false,
	} {
		if err := resolve(symbol); (err == nil) != want {
			t.Errorf("%s: %v", symbol, err)
		}
	}
}
