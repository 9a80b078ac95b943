package main

import "fmt"

// Who takes part, in the order of the tables.
var (
	servers = []string{"core", "events", "compat", "verb", "gnet", "nethttp", "nghttpd", "h2o", "nginx", "node-core", "node-compat", "canned"}
	movers  = []string{"core", "events", "compat", "nethttp", "nghttpd", "h2o", "nginx", "node-core"}
)

var (
	cpuPerRequest = metric{key: "cpu", title: "server CPU, µs a request", format: digits, ratio: true}
	requestRate   = metric{key: "rate", title: "requests a second", format: thousands, ratio: true}
	peakMemory    = metric{key: "peak", title: "peak memory of the server, MiB", format: mebibytes}
	speed         = metric{key: "speed", title: "GB/s", format: giga, ratio: true}
	cpuPerMiB     = metric{key: "cpu", title: "server CPU, µs a MiB", format: digits, ratio: true}
)

// experiments are all tables, in the order they are measured in.
var experiments = []*experiment{
	{
		id: "small-clear", title: "Small requests, cleartext",
		rows: servers, columns: smallColumns(false),
		metrics: []metric{cpuPerRequest, requestRate, peakMemory}, plot: barPlot,
		quickRows:    []string{"core", "events", "compat", "verb", "gnet", "nethttp", "h2o", "canned"},
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

func mebibytes(v float64) string { return fmt.Sprintf("%.1f", v/(1<<20)) }
func giga(v float64) string      { return fmt.Sprintf("%.2f", v/1e9) }
