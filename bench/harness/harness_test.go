package main

import (
	"math"
	"os"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values         []float64
		mid, low, high float64
	}{
		{[]float64{3}, 3, 3, 3},
		{[]float64{9, 1, 5}, 5, 1, 9},
		{[]float64{4, 1, 3, 2}, 2.5, 1, 4},
	} {
		if mid, low, high := median(test.values); mid != test.mid || low != test.low || high != test.high {
			t.Errorf("median(%v) = %v, %v, %v", test.values, mid, low, high)
		}
	}
}

func TestRatio(t *testing.T) {
	for _, test := range []struct {
		values, others []float64
		want           float64
	}{
		{[]float64{3}, []float64{6}, 0.5},
		// A machine that is slow in the last two rounds.
		{[]float64{1, 1.2, 2, 2.2, 2.4}, []float64{1, 1, 2, 2, 2}, 1.1},
		{[]float64{9}, []float64{2, 4}, 3},
	} {
		if got := ratio(test.values, test.others); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("ratio(%v, %v) = %v, want %v", test.values, test.others, got, test.want)
		}
	}
}

const h2loadOutput = `starting benchmark...
spawning thread #0: 1 total client(s). 1000 total requests
Application protocol: h2c
progress: 100% done

finished in 13.20ms, 75757.58 req/s, 2.53MB/s
requests: 1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 1000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 34.22KB (35044) total, 1.00KB (1024) headers (space savings 97.00%), 13.67KB (14000) data
`

func TestParseH2load(t *testing.T) {
	if rate, err := parseH2load(h2loadOutput, 1000); err != nil || rate != 75757.58 {
		t.Errorf("%v, %v", rate, err)
	}
	for what, out := range map[string]string{
		"some failed":   strings.Replace(h2loadOutput, "1000 succeeded, 0 failed", "999 succeeded, 1 failed", 1),
		"not found":     strings.Replace(h2loadOutput, "1000 2xx, 0 3xx, 0 4xx", "0 2xx, 0 3xx, 1000 4xx", 1),
		"ended at once": "Connection refused\n",
	} {
		if rate, err := parseH2load(out, 1000); err == nil {
			t.Errorf("%s: rate %v and no error", what, rate)
		}
	}
}

func TestWithoutSetup(t *testing.T) {
	// 100 connections for 500 µs each, then 900 requests for 10 µs.
	whole := sample{"cpu": (100*510 + 900*10) / 1000., "rate": 1000, "peak": 7}
	part := sample{"cpu": 510, "rate": 50, "peak": 5}
	if got := without(whole, 1000, part, 100); math.Abs(got["cpu"]-10) > 1e-9 || got["peak"] != 7 {
		t.Error(got)
	}
}

func TestParseProc(t *testing.T) {
	if pid, parent, ok := parseStat([]byte("77 (a) b) (c) S 12 77 77 0")); !ok || pid != 77 || parent != 12 {
		t.Error(pid, parent, ok)
	}
	if got := parseStatus("Name:\tx\nVmHWM:\t    5120 kB\nVmRSS:\t 4 kB\n", "VmHWM"); got != 5<<20 {
		t.Error(got)
	}
}

func TestVersion(t *testing.T) {
	for out, want := range map[string]string{"h2o version 2.2.5\nOpenSSL: OpenSSL 3.0": "2.2.5", "nghttpd nghttp2/1.52.0": "1.52.0", "v20.1.0": "20.1.0"} {
		if got := version(out); got != want {
			t.Errorf("%q: %q", out, got)
		}
	}
}

// sketch is an experiment of two rows and two columns with figures in it.
func sketch() (*experiment, *tableResult) {
	e := &experiment{
		id: "x", title: "An <experiment>", rows: []string{"events", "h2o", "nginx"},
		columns: []column{{name: "one", x: 1}, {name: "ten", x: 10}},
		metrics: []metric{{key: "cpu", title: "CPU", format: digits, ratio: true}}, plot: barPlot,
	}
	t := &tableResult{
		When: "then", Rounds: 2, Machine: []string{"a machine"}, Commands: []string{"serve", "load"},
		Missing: map[string]string{"nginx": "not installed"},
		Cells: map[string]map[string]*cell{
			"events": {"one": {Samples: []sample{{"cpu": 1}, {"cpu": 3}}}, "ten": {Samples: []sample{{"cpu": 20}}}},
			"h2o":    {"one": {Samples: []sample{{"cpu": 4}}}, "ten": {Failed: "it fell"}},
		},
	}
	return e, t
}

func TestMarkdown(t *testing.T) {
	const want = `| CPU | one | ten |
|---|---|---|
| events | 2.00 (1.00–3.00) | 20.0 |
| h2o | 4.00 ×2.00 | failed |

- h2o in ten failed: it fell
- nginx is missing: not installed

    bench/run -only '^x$'
    # serve
    # load

then, rounds: 2. a machine.
`
	if got := markdown(sketch()); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDraw(t *testing.T) {
	e, r := sketch()
	got := draw(e, r, e.metrics[0])
	for _, want := range []string{"<title>An &lt;experiment&gt;: CPU</title>", ">ten</text>", ">h2o</text>", "</svg>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, `fill="`+colours[1]+`"`); n != 2 { // one bar and the legend: the other failed
		t.Errorf("%d shapes in the second row's colour, want 2", n)
	}
	if strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Errorf("not a number in\n%s", got)
	}
}

func TestFill(t *testing.T) {
	const doc = "a\n<!-- bench x -->\nold\n<!-- /bench -->\nb\n<!-- bench y -->\n<!-- /bench -->\n"
	got, err := fill(doc, "x", "new\n")
	if want := strings.Replace(doc, "old\n", "\nnew\n\n", 1); err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	if again, err := fill(got, "x", "new\n"); err != nil || again != got {
		t.Errorf("again: %q, %v", again, err)
	}
	if _, err := fill(doc, "z", "new"); err == nil {
		t.Error("no error for a marker that is not there")
	}
}

func TestTargets(t *testing.T) {
	at := func(row string) ref { return ref{"x", row, "one", "cpu"} }
	_, x := sketch()
	x.Cells["nethttp"] = map[string]*cell{"one": {Samples: []sample{{"cpu": 4}}}}
	r := &results{Tables: map[string]*tableResult{"x": x}}
	for _, test := range []struct {
		target
		figure, met string
	}{
		{target{value: at("events"), to: at("h2o"), limit: 0.5}, "0.500", "met"},
		{target{value: at("events"), to: at("h2o"), limit: 0.4}, "0.500", "not met"},
		{target{value: at("events"), to: at("h2o"), limit: 0.6, least: true}, "0.500", "not met"},
		{target{value: at("events"), limit: 2000, scale: 1e-3}, "2,000", "met"},
		{target{value: at("core"), limit: 1}, "–", "not measured"},
	} {
		if figure, met := test.verdict(r); figure != test.figure || met != test.met {
			t.Errorf("%s: %s, %s", test.asks(), figure, met)
		}
	}

	defer func(all []target) { targets = all }(targets)
	targets = []target{{what: "cost", value: at("events"), to: at("nethttp"), limit: 0.26}}
	if err := judge(r); err != nil {
		t.Errorf("a ratio a little over half the target: %v", err)
	}
	targets[0].limit = 0.24
	if err := judge(r); err == nil {
		t.Error("a ratio under half the target passes")
	}
	targets[0].to = at("h2o") // what others do does not fail a run
	if err := judge(r); err != nil {
		t.Errorf("a ratio to another peer: %v", err)
	}
}

// Every figure a target refers to is one that some experiment measures.
func TestTargetsAreMeasured(t *testing.T) {
	columns := make(map[string]bool)
	for _, e := range experiments {
		for _, row := range e.rows {
			if contenders[row] == nil {
				t.Errorf("%s: nobody is called %s", e.id, row)
			}
			for _, c := range e.columns {
				for _, m := range e.metrics {
					columns[strings.Join([]string{e.id, row, c.name, m.key}, "|")] = true
				}
			}
		}
	}
	for _, target := range targets {
		for _, r := range []ref{target.value, target.to} {
			if name := strings.Join([]string{r.table, r.row, r.column, r.key}, "|"); r != (ref{}) && !columns[name] {
				t.Errorf("%s, %s: nothing measures %s", target.id, target.what, name)
			}
		}
	}
}

func TestParseReport(t *testing.T) {
	r, err := parseReport(`{"requests":50,"failed":0,"seconds":0.5,"bytes":700,"cpu_us":2.5,"p50_us":10,"p99_us":99.5}` + "\n")
	if err != nil || r.rate() != 100 || r.P99 != 99.5 || r.CPU != 2.5 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, line := range []string{"", "ready", `{"requests":50,"failed":1,"seconds":0.5}`, `{"requests":0,"failed":0,"seconds":0.5}`} {
		if r, err := parseReport(line); err == nil {
			t.Errorf("%q: %+v and no error", line, r)
		}
	}
}

// The document has a place for every table, and for no other.
func TestDocumentHasAllMarkers(t *testing.T) {
	text, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	if _, err := fill(doc, "targets", ""); err != nil {
		t.Error(err)
	}
	for _, e := range experiments {
		if _, err := fill(doc, e.id, ""); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(doc, "<!-- bench "); n != len(experiments)+1 {
		t.Errorf("%d markers for %d tables and the targets", n, len(experiments))
	}
}

// A curve has a line for each row that has a figure.
func TestCurve(t *testing.T) {
	e, r := sketch()
	e.plot = curvePlot
	got := draw(e, r, e.metrics[0])
	if n := strings.Count(got, "<polyline"); n != 2 {
		t.Errorf("%d lines, want 2:\n%s", n, got)
	}
}

const pprofTop = `File: server
Type: cpu
Showing nodes accounting for 2s, 100% of 2s total
      flat  flat%   sum%        cum   cum%
     1.20s 60.00% 60.00%      1.20s 60.00%  internal/runtime/syscall/linux.Syscall6
     0.20s 10.00% 70.00%      0.50s 25.00%  weft/core.(*Conn).Next
     0.20s 10.00% 80.00%      0.30s 15.00%  golang.org/x/net/http2/hpack.(*Decoder).Write (inline)
     0.10s  5.00% 85.00%      0.10s  5.00%  crypto/internal/fips140/aes/gcm.gcmAesEnc
     0.30s 15.00%   100%      0.30s 15.00%  runtime.findRunnable
         0     0%   100%      2.00s   100%  runtime.goexit
`

func TestParseTop(t *testing.T) {
	got, err := parseTop(pprofTop)
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]float64{"kernel": 0.6, "http": 0.1, "hpack": 0.1, "crypto": 0.05, "rest": 0.15} {
		if math.Abs(got[who]-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", who, got[who], want)
		}
	}
	if _, err := parseTop("File: server\n"); err == nil {
		t.Error("no samples, and no error")
	}
}
