package main

import (
	"context"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// A contender is a server that takes part, a client, or both.
type contender struct {
	name    string
	program string // that must be installed; none: it is ours
	once    bool   // one round is enough: no target is about it
	// argv makes what the server runs with, after it wrote its configuration.
	argv func(k *kit, o serveOptions) ([]string, error)
	// load, of one that is a client too, has it do a job.
	load func(ctx context.Context, b *bench, o serveOptions, j job) (report, error)
	// lacks says, for what it can't serve, why.
	lacks map[ability]string
}

// serveOptions are the same for all contenders.
type serveOptions struct {
	addr     string
	secure   bool
	streams  int  // concurrent streams a client may have
	wide     bool // windows of wideStream and wideConn for what is received
	conns    int  // how many connections will come
	uploads  bool // bodies will come
	table    int  // bytes of the header tables, with setTable
	setTable bool
	profile  string // file for a CPU profile of it; none: it is not profiled
}

// Wide windows: 16 MiB a stream, 64 MiB a connection, as powers of two.
const wideStream, wideConn = 24, 26

func (o serveOptions) port() string {
	_, port, _ := net.SplitHostPort(o.addr)
	return port
}

// url is the address of a path on the server.
func (o serveOptions) url(path string) string {
	if o.secure {
		return "https://" + o.addr + path
	}
	return "http://" + o.addr + path
}

// An ability is something not every contender has.
type ability int

const (
	overTLS     ability = iota
	bodies              // answers other than the 14 bytes
	tenFields           // /page
	uploads             // POST, answered when all of it has come
	files               // /file, by what the interface has for files
	tables              // header tables of another size
	manyStreams         // as many as it is told
)

// missing says why c can't take part on this machine; "" if it can.
func (c *contender) missing(k *kit) string {
	if c.program != "" {
		if _, err := exec.LookPath(c.program); err != nil {
			return c.program + " is not installed"
		}
		return ""
	}
	if strings.HasPrefix(c.name, "gnet-") && !k.gnet {
		return "adapters/gnet/benchserver is not there"
	}
	if slices.Contains(ourAPIs, c.name) && !slices.Contains(k.apis, c.name) {
		return "bench/server has no -api " + c.name
	}
	return ""
}

// ourAPIs are served by bench/server, which is what "-api NAME" in a table means.
var ourAPIs = []string{"core", "events", "compat", "verb", "nethttp"}

// contenders are all there are, by name.
var contenders = func() map[string]*contender {
	all := make(map[string]*contender)
	for _, api := range ourAPIs {
		c := &contender{name: api, argv: serverArgv(api)}
		if api == "core" || api == "compat" || api == "verb" {
			c.lacks = map[ability]string{files: "sends no files"}
		}
		all[api] = c
	}
	for _, api := range []string{"core", "events", "nethttp"} {
		all[api].load = clientLoad(api)
	}
	for _, c := range []*contender{gnet("core"), gnet("events"), canned, nghttpd, h2o, nginx, node("core"), node("compat"), h2load, curl} {
		all[c.name] = c
	}
	return all
}()

func serverArgv(api string) func(k *kit, o serveOptions) ([]string, error) {
	return func(k *kit, o serveOptions) ([]string, error) {
		argv := []string{k.bin("server"), "-api", api, "-addr", o.addr, "-streams", strconv.Itoa(o.streams), "-file", k.file("1m")}
		if o.secure {
			argv = append(argv, "-tls", "-cert", k.cert, "-key", k.key)
		}
		if o.wide {
			argv = append(argv, "-window", strconv.Itoa(1<<wideStream))
		}
		if o.setTable {
			argv = append(argv, "-table", strconv.Itoa(o.table))
		}
		if o.profile != "" {
			argv = append(argv, "-profile", o.profile)
		}
		return argv, nil
	}
}

// gnet is weft on event loops, without a goroutine for each connection. It is a
// module of its own, with a server of its own.
func gnet(api string) *contender {
	c := &contender{
		name: "gnet-" + api,
		argv: func(k *kit, o serveOptions) ([]string, error) {
			return []string{k.bin("gnet"), "-api", api, "-addr", o.addr, "-streams", strconv.Itoa(o.streams), "-file", k.file("1m")}, nil
		},
		lacks: map[ability]string{overTLS: "cleartext only", tables: "has its tables' sizes"},
	}
	if api == "core" {
		c.lacks[files] = "sends no files"
	}
	return c
}

// canned is the ceiling: bench/canned.
var canned = &contender{
	name: "canned",
	argv: func(k *kit, o serveOptions) ([]string, error) {
		argv := []string{k.bin("canned"), "-addr", o.addr}
		if o.secure {
			argv = append(argv, "-cert", k.cert, "-key", k.key)
		}
		return argv, nil
	},
	lacks: map[ability]string{
		bodies: "has one answer", tenFields: "has one answer", uploads: "has one answer", files: "has one answer", tables: "has no tables",
	},
}
