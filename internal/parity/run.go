// Package parity is for tests that show, row by row, that a package does what
// another has documented. It compares what a run of tests has shown with lists
// of what there is to show, and makes a page of both.
package parity

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// Run is the run of one package's tests. Its testdata has the lists.
type Run struct {
	// Page is the file the map is in, Head what it begins with.
	Page, Head string
	// Home is the package that symbols without a path belong to.
	Home string
	// Update is how the page is rewritten: go test ./some/package -update.
	Update string
	// Updating reports whether that was asked for.
	Updating func() bool
	// Complete says that every row has its symbol and its test: from then on,
	// what is missing fails the run. Until then go test -v lists it.
	Complete bool

	once     sync.Once
	read     *Lists
	err      error
	evidence evidence
}

func (r *Run) lists() (*Lists, error) {
	r.once.Do(func() { r.read, r.err = Read(os.DirFS("testdata")) })
	return r.read, r.err
}

// Main runs the tests, compares what a whole run has shown with the lists, and
// exits: it is all of a TestMain.
func (r *Run) Main(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && wholeRun() {
		code = r.check()
	}
	os.Exit(code)
}

// wholeRun reports whether every test was asked for.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return !testing.Short() && flag.Lookup("test.count").Value.String() != "0"
}

func (r *Run) check() int {
	p, err := r.lists()
	if err != nil {
		fmt.Println("parity:", err)
		return 1
	}
	resolve, err := symbols(p, r.Home)
	if err != nil {
		fmt.Println("parity:", err)
		return 1
	}
	shown, tests := r.evidence.rows, behaviours(r.evidence.tests)
	missing := p.missing(shown, tests, resolve)
	page := p.page(r.Head, shown, tests)
	if r.Updating() {
		if err := os.WriteFile(r.Page, []byte(page), 0o666); err != nil {
			fmt.Println("parity:", err)
			return 1
		}
	} else if old, err := os.ReadFile(r.Page); err != nil || string(old) != page {
		missing = append(missing, strings.TrimLeft(r.Page, "./")+" is not of this run: "+r.Update)
	}
	if len(missing) == 0 || !r.Complete && !testing.Verbose() {
		return 0
	}
	fmt.Printf("parity: %d things are missing:\n\t%s\n", len(missing), strings.Join(missing, "\n\t"))
	if r.Complete {
		return 1
	}
	return 0
}
