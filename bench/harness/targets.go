package main

import (
	"fmt"
	"os"
	"strings"
)

// A target is a figure we want, out of the results of one run.
type target struct {
	id    string // what notes.tsv calls it
	what  string
	value ref
	to    ref     // what value is divided by; none: value counts as it is
	limit float64 // in the unit of value, or a ratio
	least bool    // value is to be at least limit, otherwise at most
	unit  string
	scale float64 // what value is divided by to be in unit; 0: 1
}

// A ref names one figure: a metric of a cell.
type ref struct{ table, row, column, key string }

func (r ref) with(row string) ref { r.row = row; return r }

// measured returns the figure that the target is about.
func (t target) measured(r *results) (v float64, ok bool) {
	values := r.values(t.value)
	if len(values) == 0 {
		return 0, false
	}
	if t.to == (ref{}) {
		v, _, _ = median(values)
	} else if others := r.values(t.to); len(others) > 0 {
		v = ratio(values, others)
	} else {
		return 0, false
	}
	if t.scale != 0 {
		v /= t.scale
	}
	return v, true
}

// met reports whether v is what the target asks for, or by half less.
func (t target) met(v, slack float64) bool {
	if t.least {
		return v >= t.limit/slack
	}
	return v <= t.limit*slack
}

func (t target) asks() string {
	word := "at most"
	if t.least {
		word = "at least"
	}
	if t.to == (ref{}) {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", word, digits(t.limit), t.unit))
	}
	if t.to.row == t.value.row {
		return fmt.Sprintf("%s %s times %s", word, digits(t.limit), t.to.column)
	}
	return fmt.Sprintf("%s %s of %s's", word, digits(t.limit), t.to.row)
}

// ratios makes a target of every column: row's figure to another's.
func ratios(id, what string, value ref, to string, least bool, columns []string, limits ...float64) (all []target) {
	for i, c := range columns {
		limit := limits[min(i, len(limits)-1)]
		value.column = c
		all = append(all, target{id: id, what: what + ", " + c, value: value, to: value.with(to), limit: limit, least: least})
	}
	return all
}

// targets is the list of what is aimed for.
var targets = func() (all []target) {
	add := func(more ...target) { all = append(all, more...) }
	three := []string{"c1m100", "c10m100", "c100m1"}
	every := []string{"c1m1", "c1m100", "c10m100", "c100m1", "c1000m1"}
	cpu := func(table, row string) ref { return ref{table, row, "", "cpu"} }

	add(ratios("core-h2o", "CPU per small request, `-api core`", cpu("small-clear", "core"), "h2o", false, three, 0.75, 0.75, 1.05)...)
	add(ratios("events-h2o", "CPU per small request, `-api events`", cpu("small-clear", "events"), "h2o", false, three, 0.9, 0.9, 1.1)...)
	add(ratios("events-go", "CPU per small request, `-api events`", cpu("small-clear", "events"), "nethttp", false, three, 1./20, 1./20, 1./4)...)
	add(ratios("events-rate", "requests a second, `-api events`", ref{"small-clear", "events", "", "rate"}, "h2o", true,
		[]string{"c1m100", "c1m1", "c10m100", "c100m1", "c1000m1"}, 1.2, 1)...)
	add(ratios("tls-h2o", "CPU per small request over TLS, `-api events`", cpu("small-tls", "events"), "h2o", false, three[:2], 1)...)
	add(ratios("tls-go", "CPU per small request over TLS, `-api events`", cpu("small-tls", "events"), "nethttp", false, every, 1./3)...)
	add(ratios("compat", "CPU per small request, `-api compat`", cpu("small-clear", "compat"), "core", false, every, 1.6)...)
	add(ratios("verb", "CPU per small request, `-api verb` (five middlewares, a hundred routes)", cpu("small-clear", "verb"), "compat", false, three, 1.4)...)

	down := ref{"bulk-down-clear", "events", "1 MiB, wide", "speed"}
	add(target{id: "down", what: "1 MiB down, cleartext", value: down, limit: 4, least: true, unit: "GB/s", scale: 1e9},
		target{id: "down", what: "1 MiB down, cleartext", value: down, to: down.with("nethttp"), limit: 2, least: true})
	down.table = "bulk-down-tls"
	add(target{id: "down-tls", what: "1 MiB down, TLS", value: down, to: down.with("h2o"), limit: 1, least: true})
	up := ref{"bulk-up-clear", "events", "1 MiB, wide", "speed"}
	add(target{id: "up", what: "1 MiB up, cleartext", value: up, to: up.with("nethttp"), limit: 2, least: true},
		target{id: "up", what: "1 MiB up, cleartext", value: up, to: up.with("nghttpd"), limit: 1, least: true})
	add(ratios("latency", "requests a second, one at a time, `-api events`", ref{"small-clear", "events", "", "rate"}, "nethttp", true, every[:1], 1.3)...)
	fields := cpu("fields", "events")
	add(ratios("fields-h2o", "CPU per realistic request, `-api events`", fields, "h2o", false, []string{"fields, c1m100", "fields, c10m100"}, 1)...)
	add(ratios("fields-go", "CPU per realistic request, `-api events`", fields, "nethttp", false, []string{"fields, c1m100", "fields, c10m100"}, 1./8)...)

	for _, from := range []string{"canned", "h2o"} {
		rate := ref{"clients", "events", "small, m=100, from " + from, "rate"}
		add(target{id: "client", what: "our client, small requests from " + from, value: rate, to: rate.with("nethttp"), limit: 5, least: true},
			target{id: "client", what: "our client, small requests from " + from, value: rate, to: rate.with("h2load"), limit: 1, least: true})
	}
	for _, bulk := range []struct{ id, what, column string }{
		{"client-bulk", "1 MiB from core", "1 MiB, m=10, from core"},
		{"client-bulk", "1 MiB from h2o", "1 MiB, m=10, from h2o"},
		{"client-up", "1 MiB up, to core", "1 MiB up, m=10, to core"},
	} {
		flow := ref{"clients", "events", bulk.column, "speed"}
		add(target{id: bulk.id, what: "our client, " + bulk.what, value: flow, to: flow.with("nethttp"), limit: 3, least: true})
	}
	for _, link := range []struct {
		column string
		limit  float64
	}{{"50 MiB down", 70}, {"50 MiB up", 70}, {"1 GiB down", 110}, {"1 GiB up", 110}} {
		add(target{id: "link", what: "long link, " + link.column, value: ref{"long-link", "events", link.column, "speed"}, limit: link.limit, least: true, unit: "MB/s", scale: 1e6},
			target{id: "virtual", what: "long link on virtual time, " + link.column, value: ref{"virtual-link", "core", link.column, "speed"}, limit: link.limit, least: true, unit: "MB/s", scale: 1e6})
	}
	for _, idle := range []struct {
		row   string
		limit float64
	}{{"core", 10}, {"events", 10}, {"gnet-core", 5}, {"gnet-events", 5}} {
		add(target{id: "idle-" + idle.row, what: "idle connection, cleartext, " + idle.row, value: ref{"memory", idle.row, "5,000 connections", "grown"}, limit: idle.limit, unit: "KiB", scale: 1 << 10})
	}
	late := ref{"fairness", "events", "beside bulk", "p99"}
	alone := late
	alone.column = "alone"
	add(target{id: "fairness", what: "99th percentile of small requests beside bulk", value: late, to: alone, limit: 2})
	return all
}()

// short returns the ratios to Go's net/http that were measured and are under
// half of their targets.
func short(r *results) (bad []target) {
	for _, t := range targets {
		if v, ok := t.measured(r); ok && t.to.row == "nethttp" && !t.met(v, 2) {
			bad = append(bad, t)
		}
	}
	return bad
}

// judge returns an error if there are any.
func judge(r *results) error {
	var bad []string
	for _, t := range short(r) {
		v, _ := t.measured(r)
		bad = append(bad, fmt.Sprintf("%s is %s, want %s", t.what, digits(v), t.asks()))
	}
	if bad != nil {
		return fmt.Errorf("under half the target: %s", strings.Join(bad, "; "))
	}
	return nil
}

// verdict is a target's measured figure and whether that is enough.
func (t target) verdict(r *results) (figure, met string) {
	v, ok := t.measured(r)
	switch {
	case !ok:
		return "–", "not measured"
	case t.met(v, 1):
		return digits(v), "met"
	}
	return digits(v), "not met"
}

func markdownTargets(r *results, notes map[string]string) string {
	var b strings.Builder
	b.WriteString("| | target | measured | | what holds it back |\n|---|---|---|---|---|\n")
	for _, t := range targets {
		figure, met := t.verdict(r)
		note := ""
		if met == "not met" {
			note = notes[t.id]
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", t.what, t.asks(), figure, met, note)
	}
	return b.String()
}

// plainTargets are those that this run measured.
func plainTargets(r *results) string {
	var b strings.Builder
	for _, t := range targets {
		if figure, met := t.verdict(r); met != "not measured" {
			fmt.Fprintf(&b, "%-8s %s: %s, %s\n", met, t.what, figure, t.asks())
		}
	}
	return b.String()
}

// readNotes reads what is to be said about targets that are not met: the id of
// the target, a tab, and a sentence or more.
func readNotes(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	notes := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, note, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("%s: no tab in %q", name, line)
		}
		notes[id] = note
	}
	return notes, nil
}
