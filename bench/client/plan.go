package main

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"weft/core"
)

// A plan is what all connections together are to do, and what came of it.
type plan struct {
	o          *options
	limit      int64 // requests; 0: until
	span       time.Duration
	start, end time.Time
	cpu        time.Duration // of this process: at the start, then how much from there to the end
	begun      atomic.Int64

	mu        sync.Mutex
	failed    int64
	bytes     int64
	latencies []time.Duration
}

func newPlan(o *options, limit int64, span time.Duration) *plan {
	return &plan{o: o, limit: limit, span: span}
}

// next returns the number of the next request, if there is to be one at now.
func (p *plan) next(now time.Time) (i int64, ok bool) {
	if p.limit > 0 {
		i = p.begun.Add(1)
		return i, i <= p.limit
	}
	if now.Sub(p.start) >= p.span {
		return 0, false
	}
	return p.begun.Add(1), true
}

// A tally is what one connection adds to the plan.
type tally struct {
	failed, bytes int64
	latencies     []time.Duration
}

func (p *plan) add(t *tally) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed += t.failed
	p.bytes += t.bytes
	p.latencies = append(p.latencies, t.latencies...)
	*t = tally{}
}

// A report is the line of JSON.
type report struct {
	Requests int     `json:"requests"` // that ended
	Failed   int64   `json:"failed"`   // of them, without a response of status 200
	Seconds  float64 `json:"seconds"`
	Bytes    int64   `json:"bytes"`  // of responses' bodies
	CPU      float64 `json:"cpu_us"` // of this process, each request
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
}

func (p *plan) report() report {
	r := report{
		Requests: len(p.latencies),
		Failed:   p.failed,
		Seconds:  p.end.Sub(p.start).Seconds(),
		Bytes:    p.bytes,
	}
	if r.Requests > 0 {
		slices.Sort(p.latencies)
		at := func(percent int) float64 {
			return float64(p.latencies[(r.Requests-1)*percent/100].Nanoseconds()) / 1e3
		}
		r.CPU = float64(p.cpu.Nanoseconds()) / 1e3 / float64(r.Requests)
		r.P50, r.P99 = at(50), at(99)
	}
	return r
}

// fields makes the fields of requests of one connection.
type fields struct {
	o    *options
	list []core.Field
}

// Where what changes is in a browser's fields.
const pathAt, cookieAt = 3, 11

func newFields(o *options) *fields {
	method := "GET"
	if o.upload > 0 {
		method = "POST"
	}
	f := &fields{o: o, list: []core.Field{
		{Name: ":method", Value: method},
		{Name: ":scheme", Value: o.base.Scheme},
		{Name: ":authority", Value: o.base.Host},
		{Name: ":path", Value: "/"},
	}}
	if o.kind != "fields" {
		f.list = append(f.list, core.Field{Name: "user-agent", Value: "weft-bench"})
		switch o.kind {
		case "small", "mix":
		case "json":
			f.list[pathAt].Value = "/json"
		default:
			f.list[pathAt].Value = o.kind
		}
		return f
	}
	f.list = append(f.list,
		core.Field{Name: "user-agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"},
		core.Field{Name: "accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		core.Field{Name: "accept-language", Value: "en-GB,en;q=0.7"},
		core.Field{Name: "accept-encoding", Value: "gzip, deflate, br"},
		core.Field{Name: "referer", Value: "https://www.example.org/articles/"},
		core.Field{Name: "sec-fetch-mode", Value: "navigate"},
		core.Field{Name: "upgrade-insecure-requests", Value: "1"},
		core.Field{Name: "cookie"},
	)
	return f
}

// change reports whether requests differ from each other.
func (f *fields) change() bool { return f.o.kind == "fields" || f.o.kind == "mix" }

// of returns the fields of request i. They are overwritten by the next call.
func (f *fields) of(i int64) []core.Field {
	switch f.o.kind {
	case "fields":
		f.list[pathAt].Value = "/page?id=" + strconv.FormatInt(100000+i, 10)
		f.list[cookieAt].Value = "session=3f1b2c77a9d04; visit=" + strconv.FormatInt(500000+i, 10)
	case "mix":
		f.list[pathAt].Value = "/"
		if i%5 == 0 {
			f.list[pathAt].Value = "/64k"
		}
	}
	return f.list
}

// post returns the fields of an upload that is held.
func (f *fields) post() []core.Field {
	return []core.Field{{Name: ":method", Value: "POST"}, f.list[1], f.list[2], {Name: ":path", Value: "/upload"}}
}

// download returns the fields of a bulk download.
func (f *fields) download() []core.Field {
	return []core.Field{{Name: ":method", Value: "GET"}, f.list[1], f.list[2], {Name: ":path", Value: "/1g"}}
}

var zeros = make([]byte, 64<<10)
