package main

import (
	"fmt"
	"slices"
)

// Who takes part, in the order of the tables.
var (
	servers = []string{"core", "events", "compat", "verb", "gnet-core", "gnet-events", "nethttp", "nghttpd", "h2o", "nginx", "node-core", "node-compat", "canned"}
	few     = []string{"core", "events", "gnet-core", "gnet-events", "nethttp", "h2o"}
	movers  = []string{"core", "events", "compat", "nethttp", "nghttpd", "h2o", "nginx", "node-core"}
)

var (
	cpuPerRequest = metric{key: "cpu", title: "server CPU, µs a request", format: digits, ratio: true}
	requestRate   = metric{key: "rate", title: "requests a second", format: thousands, ratio: true}
	peakMemory    = metric{key: "peak", title: "peak memory of the server, MiB", format: mebibytes}
	speed         = metric{key: "speed", title: "GB/s", format: giga, ratio: true}
	linkSpeed     = metric{key: "speed", title: "MB/s", format: megabytes, ratio: true}
	grownMemory   = metric{key: "grown", title: "growth of resident memory, KiB for each", format: kibibytes, ratio: true}
	latency99     = metric{key: "p99", title: "99th percentile, ms", format: milliseconds, ratio: true}
	latency50     = metric{key: "p50", title: "median, ms", format: milliseconds, ratio: true}
	growth        = metric{key: "growth", title: "times the first column, measured in turn with it", format: digits}
	cpuPerMiB     = metric{key: "cpu", title: "server CPU, µs a MiB", format: digits, ratio: true}
)

// experiments are all tables, in the order they are measured in.
var experiments = []*experiment{
	{
		id: "small-clear", title: "Small requests, cleartext",
		rows: servers, columns: smallColumns(false),
		metrics: []metric{cpuPerRequest, requestRate, peakMemory}, plot: barPlot,
		quickRows:    []string{"core", "events", "compat", "verb", "gnet-events", "nethttp", "h2o", "canned"},
		quickColumns: []string{"c1m1", "c1m100", "c10m100", "c100m1"},
	},
	{
		id: "small-tls", title: "Small requests, TLS",
		rows: servers, columns: smallColumns(true),
		metrics: []metric{cpuPerRequest, requestRate, peakMemory}, plot: barPlot,
		quickRows:    []string{"events", "nethttp", "h2o"},
		quickColumns: []string{"c1m100", "c100m1"},
	},
	{
		id: "bulk-down-clear", title: "Bodies down, cleartext",
		rows: movers, columns: bulkColumns(false, false),
		metrics: []metric{speed, cpuPerMiB, peakMemory}, plot: barPlot,
		quickRows: []string{"events", "nethttp", "h2o"}, quickColumns: []string{"1 MiB, wide"},
	},
	{
		id: "bulk-down-tls", title: "Bodies down, TLS",
		rows: movers, columns: bulkColumns(false, true),
		metrics: []metric{speed, cpuPerMiB}, plot: barPlot,
		quickRows: []string{"events", "h2o"}, quickColumns: []string{"1 MiB, wide"},
	},
	{
		id: "bulk-up-clear", title: "Bodies up, cleartext",
		rows: movers, columns: bulkColumns(true, false),
		metrics: []metric{speed, cpuPerMiB, peakMemory}, plot: barPlot,
		quickRows: []string{"events", "nethttp", "nghttpd"}, quickColumns: []string{"1 MiB, wide"},
	},
	{
		id: "bulk-up-tls", title: "Bodies up, TLS",
		rows: movers, columns: bulkColumns(true, true),
		metrics: []metric{speed, cpuPerMiB}, plot: barPlot,
	},
	{
		id: "fields", title: "Realistic requests, cleartext, by bench/client",
		rows: []string{"core", "events", "compat", "verb", "nethttp", "nghttpd", "h2o", "nginx", "node-core"},
		columns: []column{
			realistic("fields", "fields", shape{1, 100}, tenFields), realistic("fields", "fields", shape{10, 100}, tenFields),
			realistic("JSON", "json", shape{10, 100}, bodies), realistic("mix", "mix", shape{10, 10}, bodies),
		},
		metrics: []metric{cpuPerRequest, requestRate}, plot: barPlot,
		quickRows: []string{"events", "nethttp", "h2o"}, quickColumns: []string{"fields, c1m100"},
	},
	{
		id: "clients", title: "Clients against the same server",
		rows: []string{"core", "events", "nethttp", "node-core", "h2load"},
		columns: []column{
			against("small, m=100, from canned", "canned", job{path: "/", m: 100}),
			against("small, m=100, from h2o", "h2o", job{path: "/", m: 100}),
			against("1 MiB, m=10, from core", "core", job{path: "/1m", m: 10, size: 1 << 20}),
			against("1 MiB, m=10, from h2o", "h2o", job{path: "/1m", m: 10, size: 1 << 20}),
			against("1 MiB up, m=10, to core", "core", job{path: "/upload", m: 10, upload: 1 << 20, size: 1 << 20}),
		},
		metrics: []metric{requestRate, speed}, plot: barPlot,
	},
	{
		id: "long-link", title: "One transfer over 100 ms and 125 MB/s", rounds: 1,
		rows: []string{"core", "events", "nethttp", "curl", "node-core"},
		columns: []column{
			longLink("50 MiB down", 50, "/50m", false), longLink("50 MiB up", 50, "", true),
			longLink("1 GiB down", 1024, "/1g", false), longLink("1 GiB up", 1024, "", true),
		},
		metrics: []metric{linkSpeed}, plot: barPlot,
	},
	{
		id: "virtual-link", title: "The same on virtual time, exactly", rounds: 1,
		rows: []string{"core"},
		columns: []column{
			virtualLink("1 MiB down", 1, false), virtualLink("1 MiB up", 1, true),
			virtualLink("50 MiB down", 50, false), virtualLink("50 MiB up", 50, true),
			virtualLink("1 GiB down", 1024, false), virtualLink("1 GiB up", 1024, true),
		},
		metrics: []metric{linkSpeed},
	},
	{
		id: "memory", title: "Memory of what is idle", rounds: 1,
		rows: servers,
		columns: []column{
			hoard{name: "5,000 connections", conns: 5000}.column(),
			hoard{name: "20,000 connections", conns: 20000, rows: few}.column(),
			hoard{name: "5,000 connections, TLS", conns: 5000, secure: true, rows: few}.column(),
			hoard{name: "10,000 streams", conns: 10, hold: 1000}.column(),
			hoard{name: "1,000 half uploads", conns: 20, hold: 50, held: 32 << 10}.column(),
		},
		metrics: []metric{grownMemory}, plot: barPlot,
	},
	{
		id: "growth-streams", title: "Requests beside open streams",
		rows:    []string{"core", "events", "nethttp", "nghttpd", "h2o"},
		columns: curve(besideStreams, 1, 10, 100, 1000, 10000),
		metrics: []metric{cpuPerRequest, growth}, plot: curvePlot,
	},
	{
		id: "growth-connections", title: "Requests beside idle connections",
		rows:    append(slices.Clone(few), "nghttpd"),
		columns: curve(besideConns, 1, 10, 100, 1000, 10000),
		metrics: []metric{cpuPerRequest, growth}, plot: curvePlot,
	},
	{
		id: "growth-tables", title: "Realistic requests with header tables of some bytes",
		rows:    []string{"core", "events", "nethttp"},
		columns: curve(withTables, 0, 1024, 4096, 16384, 65536),
		metrics: []metric{cpuPerRequest, growth}, plot: curvePlot,
	},
	{
		id: "fairness", title: "Small requests beside ten downloads on the same connection",
		rows:    []string{"core", "events", "nethttp", "nghttpd", "h2o"},
		columns: []column{beside("alone", 0, false), beside("beside bulk", 10, false), beside("long link, alone", 0, true), beside("long link, beside bulk", 10, true)},
		metrics: []metric{latency99, latency50}, plot: barPlot,
	},
	{
		id: "cores", title: "One core and two",
		rows:    append(slices.Clone(few), "nghttpd"),
		columns: coresColumns(),
		metrics: []metric{requestRate, cpuPerRequest},
	},
	{
		id: "profile", title: "Where the time goes", rounds: 1,
		rows: []string{"core", "events", "compat", "verb", "nethttp"},
		columns: []column{
			profiled("c1m100", small(shape{1, 100}, false)), profiled("c100m1", small(shape{100, 1}, false)),
			profiled("c1m1, TLS", small(shape{1, 1}, true)),
			profiled("fields, c10m100", realistic("fields", "fields", shape{10, 100}, tenFields)),
			profiled("1 MiB up", bulk{name: "1 MiB up", path: "/1m", mib: 1, m: 10, up: true, wide: true}.column(), "core", "events", "compat", "nethttp"),
		},
		metrics: profileMetrics(),
	},
}

// digits shows three significant digits.
func digits(v float64) string {
	switch {
	case v >= 100:
		return thousands(v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	if v >= 1 {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// thousands shows a whole number in groups of three digits.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

func mebibytes(v float64) string    { return fmt.Sprintf("%.1f", v/(1<<20)) }
func kibibytes(v float64) string    { return digits(v / (1 << 10)) }
func milliseconds(v float64) string { return digits(v / 1e3) } // from microseconds
func megabytes(v float64) string    { return digits(v / 1e6) }
func giga(v float64) string         { return fmt.Sprintf("%.2f", v/1e9) }
