package events_test

import (
	"context"
	"fmt"
	"testing"

	"weft/events"
)

// Each of many requests of one turn has a value of its own, which stays with it,
// whether two of them share an object or, with large values, do not.
func TestAttached(t *testing.T) {
	testAttached(t, func(n int) [3]int { return [3]int{n, n, n} })
	testAttached(t, func(n int) (big [100]int) {
		for i := range big {
			big[i] = n
		}
		return big
	})
}

func testAttached[T comparable](t *testing.T, value func(n int) T) {
	t.Helper()
	srv, err := events.CreateServer(events.ServerOptions{Attach: events.AttachmentOf[T]()})
	if err != nil {
		t.Fatal(err)
	}
	var seen []*events.Request
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		if p := events.Attached[T](req); *p != value(0) {
			t.Errorf("it begins as %v", *p)
		} else {
			seen = append(seen, req)
			*p = value(len(seen))
		}
		if events.Attached[string](req) != nil {
			t.Error("what is attached passes for a string")
		}
		res.SetStatusCode(204)
		res.End(nil)
	})
	if got := askAtOnce(t, srv, 25); got != 25 {
		t.Fatalf("%d of 25 were answered", got)
	}
	for i, req := range seen {
		if p := events.Attached[T](req); *p != value(i+1) {
			t.Errorf("request %d has %v in the end", i, *p)
		}
		if req.Method() != "GET" || req.URL() != fmt.Sprint("/", i) {
			t.Errorf("request %d is %s %s in the end", i, req.Method(), req.URL())
		}
	}
}

// Without the option nothing is attached.
func TestAttachedNothing(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		if events.Attached[int](req) != nil {
			t.Error("something is attached")
		}
		res.End(nil)
	})
	askAtOnce(t, srv, 1)
}

// askAtOnce makes requests of one turn, for /0, /1 and so on, and returns how many
// were answered.
func askAtOnce(t *testing.T, srv *events.Server, n int) (answered int) {
	t.Helper()
	client, link := linkTo(t, srv)
	link.Settle()
	client.Do(func() {
		for i := range n {
			st, err := client.Request(context.Background(), events.H(":path", fmt.Sprint("/", i)))
			if err != nil {
				t.Error(err)
				return
			}
			st.OnResponse(func(events.Headers, events.Flags) { answered++ })
			st.Resume()
		}
	})
	link.Settle()
	return answered
}

// A request that repeats another's headers says so, and has the same list.
func TestRepeatsHeaders(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var before events.Headers
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		h := req.Headers()
		got = append(got, fmt.Sprint(req.URL(), " ", req.RepeatsHeaders(), " ", h.Is(before)))
		before = h
		res.End(nil)
	})
	client, link := linkTo(t, srv)
	for _, path := range []string{"/a", "/a", "/b", "/b", "/a"} {
		client.Do(func() {
			if _, err := client.Request(t.Context(), events.H(":path", path)); err != nil {
				t.Error(err)
			}
		})
		link.Settle()
	}
	want := "[/a false false /a true true /b false false /b true true /a false false]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	if copied := events.HeadersOf(before.Fields()...); copied.Is(before) {
		t.Error("a copy is the same list")
	}
}

// Whoever is told of requests is told of those, too, that repeat another, even if
// it asks for that in between.
func TestRepeatedRequestsAreTold(t *testing.T) {
	for _, watched := range []bool{false, true} {
		started, told := 0, ""
		opts := events.ServerOptions{}
		if watched {
			opts.Diagnostics = new(events.Diagnostics)
			opts.Diagnostics.Server.StreamStart = func(events.ServerStreamRecord, events.Headers) { started++ }
		}
		srv, err := events.CreateServer(opts)
		if err != nil {
			t.Fatal(err)
		}
		srv.OnRequest(func(_ *events.Request, res *events.Response) {
			told += "r"
			res.EndString("x")
		})
		client, link := linkTo(t, srv)
		ask := func() {
			if _, err := client.Request(t.Context(), events.Headers{}); err != nil {
				t.Fatal(err)
			}
			link.Settle()
		}
		ask()
		ask()
		on := srv.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { told += "s" })
		ask()
		on.Remove()
		ask()
		if told != "rrsrr" {
			t.Errorf("told %q, want %q", told, "rrsrr")
		}
		if watched && started != 4 {
			t.Errorf("%d of 4 were watched", started)
		}
	}
}
