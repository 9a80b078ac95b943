package nodetest

import (
	"context"
	"go/types"
	"io"
	"slices"
	"testing"
	"testing/synctest"

	"weft/events"
	"weft/internal/parity"
)

func eventsPackage(t *testing.T) *types.Package {
	t.Helper()
	imp, err := parity.Compiled("weft/events")
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := imp.Import("weft/events")
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// makers returns the functions of the package that return a type, or a pointer
// to it, and whether a value of it could be filled in without them.
func makers(t *testing.T, pkg *types.Package, name string) (list []string, open bool) {
	t.Helper()
	want := pkg.Scope().Lookup(name)
	if want == nil {
		t.Fatalf("there is no %s", name)
	}
	for _, n := range pkg.Scope().Names() {
		f, ok := pkg.Scope().Lookup(n).(*types.Func)
		if !ok || !f.Exported() {
			continue
		}
		results := f.Signature().Results()
		for i := range results.Len() {
			typ := results.At(i).Type()
			if p, ok := typ.(*types.Pointer); ok {
				typ = p.Elem()
			}
			if types.Identical(typ, want.Type()) {
				list = append(list, n)
			}
		}
	}
	fields := want.Type().Underlying().(*types.Struct)
	for i := range fields.NumFields() {
		open = open || fields.Field(i).Exported() && !fields.Field(i).Embedded()
	}
	return list, open
}

// Servers come from their factories only.
func TestServersAreMade(t *testing.T) {
	ran(t)
	pkg := eventsPackage(t)
	for name, factory := range map[string]string{"Server": "CreateServer", "SecureServer": "CreateSecureServer"} {
		if list, open := makers(t, pkg, name); !slices.Equal(list, []string{factory}) || open {
			t.Errorf("a %s comes from %q; it has exported fields: %v", name, list, open)
		}
	}
	covers(t, "rule.server.not-exported")
}

// A plain server is what a secure one is, without TLS; each makes a session of a
// connection, and emits its streams.
func TestServerClasses(t *testing.T) {
	bothServers(t, events.ServerOptions{}, func(k *kind) {
		k.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			encrypted, _ := st.Session().Encrypted()
			k.note("%s stream %s, encrypted: %v", h.Scheme(), h.Path(), encrypted)
			st.EndString("ok")
		})
		c := k.connect()
		k.get(c)
		c.Close()
		c.Wait()
		if k.name == "server" {
			k.happened("http stream /, encrypted: false", "response 200")
			covers(t, "class.Http2Server")
			return
		}
		k.happened("https stream /, encrypted: true", "response 200")
		covers(t, "class.Http2SecureServer")
	})
}

// One package has both APIs. The core one does not imitate HTTP/1: it has pseudo-
// fields, streams and events. The other one has what HTTP/1 has, on the same
// server.
func TestTwoAPIs(t *testing.T) {
	plainServers(t, func(k *kind) {
		k.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			if h.Path() == "/core" {
				k.note("stream %s %s", h.Method(), h.Get(":path"))
				st.Respond(events.H(":status", "201"))
				st.EndString("core")
			}
		})
		k.OnRequest(func(req *events.Request, res *events.Response) {
			if req.URL() == "/compat" {
				k.note("request %s %s, HTTP/%s", req.Method(), req.URL(), req.HTTPVersion())
				res.WriteHead(202, events.Headers{})
				res.EndString("compat")
			}
		})
		c := k.connect()
		for _, path := range []string{"/core", "/compat"} {
			st, err := c.Request(context.Background(), events.H(":path", path))
			if err != nil {
				t.Fatal(err)
			}
			d := st.Blocking()
			h, err := d.Response()
			body, _ := io.ReadAll(d)
			k.note("%d %s, %v", h.Status(), body, err)
			synctest.Wait()
		}
		k.happened("stream GET /core", "201 core, <nil>", "request GET /compat, HTTP/2.0", "202 compat, <nil>")
		c.Close()
		c.Wait()
		covers(t, "rule.module.two-apis")
	})
	pkg := eventsPackage(t)
	if pkg.Path() != "weft/events" || pkg.Name() != "events" {
		t.Errorf("the package is %s", pkg.Path())
	}
	for _, name := range []string{"CreateServer", "CreateSecureServer", "Connect", "ServerStream", "Request", "Response"} {
		if pkg.Scope().Lookup(name) == nil {
			t.Errorf("there is no %s", name)
		}
	}
	covers(t, "rule.module.import-name")
}
