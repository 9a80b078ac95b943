package peers

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// told by a scenario of testdata/client.mjs.
type nodeFound struct {
	Status               int
	Bytes                int64
	Hash                 string
	Text                 string
	MaxConcurrentStreams int
	Goaways              []int
	Failure              string
}

func nodeClient(t testing.TB, s *server, scenario string, more ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"testdata/client.mjs", scenario, s.base, thePKI(t).ca}, more...)
	return exec.Command(need(t, "node"), args...)
}

func parseFound(t testing.TB, stdout string) nodeFound {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var found nodeFound
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &found); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	return found
}

func TestNodeClient(t *testing.T) {
	t.Parallel()
	need(t, "node")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		for _, c := range []struct {
			scenario string
			want     nodeFound
			args     []string
		}{
			{"get", nodeFound{Status: 200, Bytes: int64(len(greeting)), Hash: hash([]byte(greeting)), Text: greeting}, nil},
			{"download", nodeFound{Status: 200, Bytes: mebibyte, Hash: s.site.sum}, nil},
			{"many", nodeFound{MaxConcurrentStreams: 100, Hash: s.site.sum}, nil},
			{"abort", nodeFound{Status: 200, Bytes: mebibyte, Hash: s.site.sum}, nil},
			{"stall", nodeFound{Status: 200, Bytes: mebibyte, Hash: s.site.sum}, nil},
			{"ping", nodeFound{Text: "weftpeer"}, nil},
			{"settings", nodeFound{Status: 200, Bytes: mebibyte, Hash: s.site.sum}, nil},
		} {
			t.Run(c.scenario, func(t *testing.T) {
				r := must(t, nodeClient(t, s, c.scenario, c.args...))
				found := parseFound(t, string(r.stdout))
				if c.want.Text == "" {
					found.Text = ""
				}
				if got, want := toJSON(t, found), toJSON(t, c.want); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
		s.healthy(t)
	})
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Ctrl-C while Node downloads: it learns by GOAWAY and gets all of it.
func TestNodeDrain(t *testing.T) {
	t.Parallel()
	need(t, "node")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		p := start(t, nodeClient(t, s, "drain"))
		p.line(regexp.MustCompile("under way"))
		s.interrupt()
		if code := p.wait(); code != 0 {
			t.Fatalf("node: exit %d", code)
		}
		found := parseFound(t, p.printed.String())
		if found.Bytes != heavyBytes || found.Hash != s.site.heavySum {
			t.Errorf("%d bytes of %d, or another hash", found.Bytes, heavyBytes)
		}
		for _, code := range found.Goaways {
			if code != 0 {
				t.Errorf("GOAWAY codes %v, want NO_ERROR", found.Goaways)
			}
		}
		if code := s.wait(); code != 0 {
			t.Errorf("weft serve: exit %d after it drained, want 0", code)
		}
	})
}
