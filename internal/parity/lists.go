package parity

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Lists are the files of testdata: what there is to show.
type Lists struct {
	lists      []list
	reasons    []entry // why a row or a behaviour is not shown
	behaviours []entry // id and area
}

// list is a file of rows.
type list struct {
	name  string
	title string // of its first line
	rows  []row
}

// row is a name, an option, a rule.
type row struct {
	id      string
	symbols []string // of the package that is shown, or "path/of/package.Name"
	word    string   // where Go's idiom differs
}

type entry struct{ id, text string }

// Read reads the lists of a folder: parity/*.tsv, behaviours.tsv and
// reasons.tsv; the last two may be missing. Lists that contradict themselves
// are an error.
func Read(dir fs.FS) (*Lists, error) {
	p := new(Lists)
	names, err := fs.Glob(dir, "parity/*.tsv")
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	take := func(id, file string) error {
		if seen[id] || id == "" {
			return fmt.Errorf("%s: row %q occurs twice, or is empty", file, id)
		}
		seen[id] = true
		return nil
	}
	for _, name := range names {
		l := list{name: strings.TrimSuffix(path.Base(name), ".tsv")}
		err := lines(dir, name, 3, func(c []string) error {
			if title, ok := strings.CutPrefix(c[0], "# "); ok {
				l.title = title
				return nil
			}
			r := row{id: c[0], word: c[2]}
			if c[1] != "" {
				r.symbols = strings.Split(c[1], ",")
			}
			l.rows = append(l.rows, r)
			return take(r.id, name)
		})
		if err != nil {
			return nil, err
		}
		p.lists = append(p.lists, l)
	}
	known := maps.Clone(seen)
	clear(seen)
	err = lines(dir, "behaviours.tsv", 2, func(c []string) error {
		p.behaviours = append(p.behaviours, entry{c[0], c[1]})
		known[c[0]] = true
		return take(c[0], "behaviours.tsv")
	})
	if err != nil {
		return nil, err
	}
	clear(seen)
	err = lines(dir, "reasons.tsv", 2, func(c []string) error {
		if !known[c[0]] || c[1] == "" {
			return fmt.Errorf("reasons.tsv: %q is no row, or has no reason", c[0])
		}
		p.reasons = append(p.reasons, entry{c[0], c[1]})
		return take(c[0], "reasons.tsv")
	})
	return p, err
}

// lines calls f with the columns of each line, n of them.
func lines(dir fs.FS, name string, n int, f func(columns []string) error) error {
	b, err := fs.ReadFile(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		columns := strings.Split(line, "\t")
		if len(columns) > n {
			return fmt.Errorf("%s: %q has more than %d columns", name, line, n)
		}
		for len(columns) < n {
			columns = append(columns, "")
		}
		if err := f(columns); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether there is such a row.
func (p *Lists) has(id string) bool {
	for _, l := range p.lists {
		if slices.ContainsFunc(l.rows, func(r row) bool { return r.id == id }) {
			return true
		}
	}
	return false
}

// missing lists what is missing: symbols, tests of rows, tests of behaviours.
func (p *Lists) missing(shown, tests map[string][]string, resolve func(symbol string) error) []string {
	var out []string
	excused := make(map[string]bool)
	for _, r := range p.reasons {
		excused[r.id] = true
	}
	for _, l := range p.lists {
		for _, r := range l.rows {
			if len(r.symbols) == 0 && excused[r.id] {
				continue
			}
			if len(r.symbols) == 0 {
				out = append(out, fmt.Sprintf("%s (%s): no symbol", r.id, l.name))
			}
			for _, s := range r.symbols {
				if err := resolve(s); err != nil {
					out = append(out, fmt.Sprintf("%s (%s): %v", r.id, l.name, err))
				}
			}
			if len(shown[r.id]) == 0 && !excused[r.id] {
				out = append(out, fmt.Sprintf("%s (%s): no test covers it", r.id, l.name))
			}
		}
	}
	for _, b := range p.behaviours {
		if len(tests[b.id]) == 0 && !excused[b.id] {
			out = append(out, fmt.Sprintf("behaviour %s (%s): no test of that name passed", b.id, b.text))
		}
	}
	return out
}

// areas returns the areas of behaviours in the order of their names.
func (p *Lists) areas() []string {
	var list []string
	for _, b := range p.behaviours {
		if !slices.Contains(list, b.text) {
			list = append(list, b.text)
		}
	}
	slices.SortFunc(list, cmp.Compare)
	return list
}
