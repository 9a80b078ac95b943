package main

import (
	"net/url"
	"testing"
	"time"
)

func TestPlanEnds(t *testing.T) {
	o := new(options)
	p := newPlan(o, 2, 0)
	for i, want := range []bool{true, true, false} {
		if _, ok := p.next(time.Time{}); ok != want {
			t.Errorf("by number, request %d: %v", i+1, ok)
		}
	}
	p = newPlan(o, 0, time.Second)
	p.start = time.Unix(100, 0)
	for after, want := range map[time.Duration]bool{0: true, time.Second - 1: true, time.Second: false} {
		if _, ok := p.next(p.start.Add(after)); ok != want {
			t.Errorf("by time, after %v: %v", after, ok)
		}
	}
}

func TestReport(t *testing.T) {
	p := newPlan(new(options), 0, time.Second)
	p.start = time.Unix(100, 0)
	p.end = p.start.Add(2 * time.Second)
	for i := range 100 { // from two connections, in no order
		p.add(&tally{bytes: 14, latencies: []time.Duration{time.Duration(100-i) * time.Microsecond}})
	}
	p.add(&tally{failed: 1})
	r := p.report()
	if r.Requests != 100 || r.Failed != 1 || r.Seconds != 2 || r.Bytes != 1400 || r.P50 != 50 || r.P99 != 99 {
		t.Errorf("%+v", r)
	}
}

func TestFieldsChange(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:9000"}
	f := newFields(&options{kind: "fields", base: base})
	path, cookie := f.of(1)[pathAt].Value, f.of(1)[cookieAt].Value
	list := f.of(2)
	if len(list) != 12 || list[pathAt].Value == path || list[cookieAt].Value == cookie {
		t.Errorf("%v", list)
	}
	f = newFields(&options{kind: "mix", base: base})
	large := 0
	for i := range int64(100) {
		if f.of(i)[pathAt].Value == "/64k" {
			large++
		}
	}
	if large != 20 {
		t.Errorf("%d of 100 requests are large", large)
	}
}
