package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// impure packages reach for the world.
var impure = map[string]bool{
	"net": true, "os": true, "sync": true, "crypto": true, "log": true, "math/rand": true, "runtime": true,
	"context": true, "io/fs": true, "unsafe": true,
}

// clocks are the functions of package time that read or wait for one.
var clocks = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true, "Tick": true,
	"NewTimer": true, "NewTicker": true,
}

// TestPurity keeps the protocol a function of its input: no package below this
// folder, tests and the test kit aside, imports what reaches for the world,
// reads a clock or does two things at once.
func TestPurity(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "coretest" || d.Name() == "testdata"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		complain := func(n ast.Node, what string) { t.Errorf("%v: %s", set.Position(n.Pos()), what) }
		for _, imp := range f.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			for p := name; p != "."; p = filepath.Dir(p) {
				if impure[p] {
					complain(imp, "imports "+name)
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && clocks[n.Sel.Name] {
					complain(n, "time."+n.Sel.Name)
				}
			case *ast.GoStmt:
				complain(n, "starts a goroutine")
			case *ast.ChanType, *ast.SelectStmt:
				complain(n, "uses a channel")
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 30 {
		t.Errorf("looked at %d files only", files)
	}
}
