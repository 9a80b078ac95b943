package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer is the rank of a package: it may import what ranks lower. Tests may
// import anything.
func layer(path string) int {
	switch rel := strings.TrimPrefix(path, "weft/"); {
	case rel == "core/coretest" || strings.HasPrefix(rel, "core/coretest/"):
		return 1
	case rel == "internal/spare": // what the layers above lend to connections of the core
		return 1
	case rel == "internal/byid" || rel == "internal/warm": // which know of nothing
		return 0
	case rel == "core" || strings.HasPrefix(rel, "core/"):
		return 0
	case rel == "transport" || strings.HasPrefix(rel, "transport/"):
		return 2
	case rel == "events" || strings.HasPrefix(rel, "events/"):
		return 3
	case strings.HasPrefix(rel, "adapters/"):
		return 4
	}
	return 5 // programs, documents, fuzz targets
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "weft/...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestLayersImportDownwards(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "weft/") && layer(imp) > layer(p.ImportPath) {
				t.Errorf("%s imports %s, which is above it", p.ImportPath, imp)
			}
		}
	}
}

// TestCodecIsForWebSockets keeps programs without WebSockets free of what those
// need.
func TestCodecIsForWebSockets(t *testing.T) {
	const adapter = "weft/adapters/websocket"
	for _, p := range listPackages(t) {
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "github.com/gobwas/") && p.ImportPath != adapter && !slices.Contains(p.Deps, adapter) {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

// TestCoreNeedsOnlyHPACK keeps programs that use the core free of anything
// else's dependencies, and those that use the layers up to events as well.
func TestCoreNeedsOnlyHPACK(t *testing.T) {
	for _, p := range listPackages(t) {
		if layer(p.ImportPath) > 3 {
			continue
		}
		for _, dep := range p.Deps {
			first, _, _ := strings.Cut(dep, "/")
			if strings.Contains(first, ".") && dep != "golang.org/x/net/http2/hpack" {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
			if dep == "net/http" {
				t.Errorf("%s depends on net/http", p.ImportPath)
			}
		}
	}
}
