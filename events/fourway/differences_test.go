package fourway

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A difference is a row of testdata/differences.tsv: what an end may say
// otherwise than Node with Node.
type difference struct {
	line     int
	scenario string
	wire     string   // "tcp", "tls" or "both"
	pairings []string // in which: "node-weft" is Node's server with weft's client
	end      string   // "server" or "client"
	changes  []string // "-object: line" or "+object: line"
	reason   string

	mu   sync.Mutex
	used map[string]bool // the pairings and wires that needed it
}

// readDifferences reads the accepted differences.
func readDifferences(t *testing.T) []*difference {
	t.Helper()
	data, err := os.ReadFile("testdata/differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []*difference
	for i, row := range strings.Split(string(data), "\n") {
		if row == "" || strings.HasPrefix(row, "#") {
			continue
		}
		cells := strings.Split(row, "\t")
		if len(cells) != 6 {
			t.Fatalf("differences.tsv:%d has %d cells, must be 6", i+1, len(cells))
		}
		list = append(list, &difference{
			line:     i + 1,
			scenario: cells[0],
			wire:     cells[1],
			pairings: strings.Split(cells[2], ","),
			end:      cells[3],
			changes:  strings.Split(cells[4], " | "),
			reason:   cells[5],
			used:     map[string]bool{},
		})
	}
	return list
}

func (d *difference) covers(scenario, wire, pairing, end string) bool {
	return d.scenario == scenario && (d.wire == wire || d.wire == "both") && d.end == end && slices.Contains(d.pairings, pairing)
}

// unused reports a pairing or wire that the row names and no run needed.
func (d *difference) unused() (string, bool) {
	wires := []string{d.wire}
	if d.wire == "both" {
		wires = []string{"tcp", "tls"}
	}
	for _, wire := range wires {
		for _, pairing := range d.pairings {
			if !d.used[wire+" "+pairing] {
				return fmt.Sprintf("%s %s", wire, pairing), true
			}
		}
	}
	return "", false
}

// changes lists what got says otherwise than want.
func changes(want, got transcript) []string {
	var list []string
	objects := map[string]bool{}
	for name := range want {
		objects[name] = true
	}
	for name := range got {
		objects[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		for _, change := range lineDiff(want[name], got[name]) {
			list = append(list, change[:1]+name+": "+change[1:])
		}
	}
	return list
}

// lineDiff is what has to be taken from a ("-") and added ("+") to make b.
func lineDiff(a, b []string) []string {
	// common[i][j] is how many lines a[i:] and b[j:] have in common.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var list []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			list = append(list, "-"+a[i])
			i++
		default:
			list = append(list, "+"+b[j])
			j++
		}
	}
	return list
}

// remaining takes the accepted differences of an end from its changes.
func remaining(found []string, accepted []*difference, scenario, wire, pairing, end string) []string {
	left := slices.Clone(found)
	for _, d := range accepted {
		if !d.covers(scenario, wire, pairing, end) {
			continue
		}
		without := slices.Clone(left)
		whole := true
		for _, c := range d.changes {
			i := slices.Index(without, c)
			if whole = i >= 0; !whole {
				break
			}
			without = slices.Delete(without, i, i+1)
		}
		if whole {
			left = without
			d.mu.Lock()
			d.used[wire+" "+pairing] = true
			d.mu.Unlock()
		}
	}
	return left
}
