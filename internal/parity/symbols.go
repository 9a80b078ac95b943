package parity

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
)

// symbols returns a function that says whether a symbol of the lists exists,
// as the compiler sees the packages. One without a path is of the package home.
func symbols(p *Lists, home string) (func(symbol string) error, error) {
	paths := []string{home}
	for _, l := range p.lists {
		for _, r := range l.rows {
			for _, s := range r.symbols {
				if path, _ := splitSymbol(s, home); path != paths[0] {
					paths = append(paths, path)
				}
			}
		}
	}
	imp, err := Compiled(paths...)
	if err != nil {
		return nil, err
	}
	return func(symbol string) error {
		path, name := splitSymbol(symbol, home)
		pkg, err := imp.Import(path)
		if err != nil {
			return fmt.Errorf("%s: %v", symbol, err)
		}
		if !exists(pkg, name) {
			return fmt.Errorf("%s does not exist", symbol)
		}
		return nil
	}, nil
}

// Compiled gives the packages as the compiler sees them.
func Compiled(paths ...string) (types.Importer, error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, paths...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %v", err)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	}), nil
}

// splitSymbol returns the import path and the name of "Session.Close",
// "adapters/http1.Handler" or "weft/events.Session".
func splitSymbol(symbol, home string) (path, name string) {
	if whole, ok := strings.CutPrefix(symbol, "weft/"); ok {
		pkg, name, _ := strings.Cut(whole, ".")
		return "weft/" + pkg, name
	}
	dir, last := "", symbol
	if i := strings.LastIndexByte(symbol, '/'); i >= 0 {
		dir, last = symbol[:i+1], symbol[i+1:]
	} else {
		return home, symbol
	}
	pkg, name, _ := strings.Cut(last, ".")
	return "weft/" + dir + pkg, name
}

// exists reports whether a package has an exported name, or a type of it a
// field or method: "Session.Close", embedded ones included.
func exists(pkg *types.Package, name string) bool {
	names := strings.Split(name, ".")
	obj := pkg.Scope().Lookup(names[0])
	for _, member := range names[1:] {
		if obj == nil || !obj.Exported() {
			return false
		}
		obj, _, _ = types.LookupFieldOrMethod(obj.Type(), true, pkg, member)
	}
	return obj != nil && obj.Exported()
}
