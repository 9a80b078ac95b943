package events_test

import (
	"context"
	"slices"
	"testing"

	"weft/events"
)

func TestHeaders(t *testing.T) {
	h := events.H("Accept", "a", "ACCEPT", "b", "Cookie", "x=1", "cookie", "y=2", "Set-Cookie", "p", "set-cookie", "q", "Content-Type", "first", "content-type", "second")
	for name, want := range map[string]string{
		"accept": "a, b", "Accept": "a, b", "cookie": "x=1; y=2", "content-type": "first", "none": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("Get(%q) = %q, want %q", name, got, want)
		}
	}
	if got := h.Values("set-cookie"); !slices.Equal(got, []string{"p", "q"}) {
		t.Errorf("Values: %q", got)
	}
	copied := h
	h.Set("Accept", "c")
	h.Del("cookie")
	if h.Get("accept") != "c" || h.Has("cookie") || h.Len() != 5 {
		t.Errorf("after Set and Del: %s", text(h))
	}
	if copied.Get("accept") != "a, b" || !copied.Has("cookie") {
		t.Errorf("the copy changed: %s", text(copied))
	}
	h.AddSensitive("Token", "secret")
	if f := h.At(h.Len() - 1); f.Name != "token" || !f.Sensitive {
		t.Errorf("%+v", f)
	}
	if events.Status(404).Status() != 404 || events.H(":status", "x").Status() != 0 || (events.Headers{}).Status() != 0 {
		t.Error("Status")
	}
}

// A method that changes one Headers leaves its copies alone.
func TestHeadersCopies(t *testing.T) {
	for name, change := range map[string]func(h *events.Headers){
		"Add":           func(h *events.Headers) { h.Add("d", "4", "5") },
		"Add, as found": func(h *events.Headers) { h.Add("A", "4") },
		"AddSensitive":  func(h *events.Headers) { h.AddSensitive("d", "4") },
		"Set":           func(h *events.Headers) { h.Set("B", "4") },
		"Set, new":      func(h *events.Headers) { h.Set("d", "4") },
		"Del":           func(h *events.Headers) { h.Del("b") },
		"MarkSensitive": func(h *events.Headers) { h.MarkSensitive("A") },
	} {
		h := events.H("a", "1", "b", "2", "a", "3")
		before, changed := h.Fields(), h
		change(&changed)
		if !slices.Equal(h.Fields(), before) {
			t.Errorf("%s: the copy is %s", name, text(h))
		}
		if slices.Equal(changed.Fields(), before) {
			t.Errorf("%s changed nothing", name)
		}
		list := changed.Fields()
		list[0].Value = "x"
		if changed.At(0).Value == "x" {
			t.Errorf("%s: Fields is no copy", name)
		}
	}
	var none events.Headers
	none.Add("a")
	none.MarkSensitive("a")
	if none.Len() != 0 || none.Sensitive() != nil {
		t.Errorf("%s", text(none))
	}
}

func TestSensitiveNames(t *testing.T) {
	h := events.HeadersOf(events.Field{Name: "C", Value: "1", Sensitive: true}, events.Field{Name: "a", Value: "2"})
	h.Add("b", "3", "4")
	h.MarkSensitive("B", "a", "none")
	if got := h.Sensitive(); !slices.Equal(got, []string{"c", "a", "b"}) {
		t.Errorf("%q", got)
	}
	h.Set("b", "5") // keeps the mark
	h.Del("a")
	h.Add("a", "6") // has none
	if got := h.Sensitive(); !slices.Equal(got, []string{"c", "b"}) {
		t.Errorf("%q", got)
	}
}

// What a stream was given may be kept: it never changes under its owner, and
// the owner's changes stay its own.
func TestReceivedHeaders(t *testing.T) {
	p := newPair(t, pairOptions{})
	var got []events.Headers
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		h.Add("mine", "1")
		got = append(got, st.Headers())
		st.End(nil)
	})
	for _, v := range []string{"a", "a", "b"} {
		p.request(events.H("x", v))
		p.settle()
	}
	for i, want := range []string{"a", "a", "b"} {
		if got[i].Get("x") != want || got[i].Has("mine") {
			t.Errorf("request %d: %s", i, text(got[i]))
		}
	}
}

// Listeners: several, once, removed.
func TestListeners(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("x") })
	p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { p.note("second") })
	p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { p.note("once") }).Once()
	removed := p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { p.note("removed") })
	removed.Remove()
	removed.Remove()
	events.Listener{}.Remove()
	for range 2 {
		p.client.Request(context.Background(), events.Headers{})
		p.settle()
	}
	p.happened("second", "once", "second")
}
