package fourway

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var keep = flag.String("transcripts", "", "a `directory` for the transcripts of every pairing")

// scenarios are all there are.
var scenarios = slices.Concat(
	exchangeScenarios,
	fieldsScenarios,
	informationalScenarios,
	trailersScenarios,
	pushScenarios,
	resetsScenarios,
	sessionsScenarios,
	settingsScenarios,
	bodiesScenarios,
	connectScenarios,
	limitsScenarios,
	announcementsScenarios,
	filesScenarios,
	timeoutsScenarios,
	compatFieldsScenarios,
	compatBodiesScenarios,
	compatExpectScenarios,
	compatEndsScenarios,
	compatEdgesScenarios,
)

// least is how many scenarios there have to be.
const least = 200

// A party is what plays a role in a pairing.
type party struct {
	name  string
	serve func(sc *scenario, pki *pki) (port int, stop func() transcript, err error)
	run   func(sc *scenario, pki *pki, port int) (transcript, error)
}

// TestFourWay runs every scenario over cleartext and TLS with Node and weft as
// server and client. What Node said with Node the others must say, too.
func TestFourWay(t *testing.T) {
	path := node25(t)
	pki := newPKI(t)
	servers, clients := startNode(t, path, pki), startNode(t, path, pki)
	sameNames(t, servers.scenarios)
	accepted := readDifferences(t)
	parties := []party{{"node", servers.serve, clients.run}, {"weft", weftServe, weftRun}}
	ran := 0
	t.Run("scenarios", func(t *testing.T) {
		for i := range scenarios {
			sc := &scenarios[i]
			for _, wire := range []string{"tcp", "tls"} {
				keys := pki
				if wire == "tcp" {
					keys = nil
				}
				t.Run(sc.name+"/"+wire, func(t *testing.T) {
					ran++
					t.Parallel()
					runScenario(t, sc, wire, keys, parties, accepted)
				})
			}
		}
	})
	if ran < 2*len(scenarios) || t.Failed() {
		return // some were left out on purpose
	}
	for _, d := range accepted {
		if where, unused := d.unused(); unused {
			t.Errorf("differences.tsv:%d: nothing of the kind was seen over %s: %s", d.line, where, d.scenario)
		}
	}
}

// sameNames holds both languages to the same scenarios.
func sameNames(t *testing.T, js []string) {
	t.Helper()
	var names []string
	for _, sc := range scenarios {
		names = append(names, sc.name)
	}
	for _, name := range names {
		if !slices.Contains(js, name) {
			t.Errorf("scenario %s is in Go only", name)
		}
	}
	for _, name := range js {
		if !slices.Contains(names, name) {
			t.Errorf("scenario %s is in JavaScript only", name)
		}
	}
	if len(names) < least {
		t.Errorf("%d scenarios, must be at least %d", len(names), least)
	}
}

func runScenario(t *testing.T, sc *scenario, wire string, keys *pki, parties []party, accepted []*difference) {
	type both struct{ server, client transcript }
	var want both
	for _, server := range parties {
		for _, client := range parties {
			pairing := server.name + "-" + client.name
			port, stop, err := server.serve(sc, keys)
			if err != nil {
				t.Fatalf("%s: server: %v", pairing, err)
			}
			told, err := client.run(sc, keys, port)
			if err != nil {
				t.Errorf("%s: client: %v", pairing, err)
			}
			got := both{stop(), told}
			write(t, sc.name, wire, pairing, got.server, got.client)
			if pairing == "node-node" {
				want = got
				continue
			}
			for _, end := range []struct {
				name      string
				want, got transcript
			}{{"server", want.server, got.server}, {"client", want.client, got.client}} {
				found := changes(end.want, end.got)
				if left := remaining(found, accepted, sc.name, wire, pairing, end.name); len(left) > 0 {
					t.Errorf("%s over %s, %s, the %s's end, Node with Node (-), this one (+):\n\t%s",
						sc.name, wire, pairing, end.name, strings.Join(left, "\n\t"))
				}
			}
		}
	}
	if t.Failed() {
		t.Logf("Node with Node:\n%s%s", lines("server", want.server), lines("client", want.client))
	}
}

// write keeps the transcript of a pairing.
func write(t *testing.T, scenario, wire, pairing string, server, client transcript) {
	t.Helper()
	if *keep == "" {
		return
	}
	path := filepath.Join(*keep, scenario+"."+wire+"."+pairing+".txt")
	if err := os.WriteFile(path, []byte(lines("server", server)+lines("client", client)), 0o666); err != nil {
		t.Fatal(err)
	}
}

// lines is a transcript as text.
func lines(end string, tr transcript) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tr)) {
		for _, line := range tr[name] {
			fmt.Fprintf(&b, "%s | %s | %s\n", end, name, line)
		}
	}
	return b.String()
}
