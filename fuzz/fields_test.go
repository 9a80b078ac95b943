package fuzz

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weft/core"
)

// A courier carries header blocks from one end to the other, and at once.
type courier struct {
	t              *testing.T
	client, server *core.Conn
	got            []core.Event // of header blocks, in the order they came
}

func newCourier(t *testing.T, bits uint64) *courier {
	c := chooser(bits)
	client := core.Config{Settings: []core.Setting{{ID: core.SettingEnablePush, Value: 1}}}
	server := core.Config{Settings: []core.Setting{{ID: core.SettingEnableConnectProtocol, Value: uint32(c.next(2))}}}
	for _, cfg := range []*core.Config{&client, &server} {
		if n := c.next(6); n > 0 {
			cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingHeaderTableSize, Value: []uint32{0, 60, 300, 4096, 1 << 16}[n-1]})
		}
		if n := c.next(4); n > 0 {
			cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingMaxHeaderListSize, Value: []uint32{4096, 100000, 300000}[n-1]})
		}
		cfg.EncoderTable = []int{0, core.NoTable, 60, 1 << 16}[c.next(4)]
		cfg.AbuseBudget = core.Unlimited
		if c.bool() {
			cfg.Padding = core.PadMax
		}
	}
	transport := core.Transport(c.next(3))
	client.Transport, server.Transport = transport, transport
	u := &courier{t: t}
	var err error
	if u.client, err = core.NewClient(dawn, client); err != nil {
		t.Fatal(err)
	}
	if u.server, err = core.NewServer(dawn, server); err != nil {
		t.Fatal(err)
	}
	u.carry()
	return u
}

// carry brings everything to where it goes.
func (u *courier) carry() {
	for {
		up, down := u.client.AppendOutput(nil), u.server.AppendOutput(nil)
		if len(up)+len(down) == 0 {
			return
		}
		u.deliver(u.server, up)
		u.deliver(u.client, down)
	}
}

func (u *courier) deliver(c *core.Conn, p []byte) {
	c.Receive(dawn, p)
	for ev := range c.Events {
		switch ev := ev.(type) {
		case *core.HeadersReceived, *core.PushPromiseReceived:
			u.got = append(u.got, ev.Clone())
		case *core.ConnClosed:
			u.t.Fatalf("%v", ev)
		case *core.StreamReset:
			if !ev.ByPeer || ev.Code != core.Cancel {
				u.t.Fatalf("%v", ev)
			}
		}
	}
	if f := c.Info().LastFault; f != core.FaultNone {
		u.t.Fatalf("%v accuses the other side", f)
	}
}

// sends has a command send a header block from one end, and expects it at the
// other, or an error and nothing at all. It reports which.
func (u *courier) sends(from *core.Conn, list []core.Field, command func() error) bool {
	u.t.Helper()
	before := from.Info()
	u.got = u.got[:0]
	if err := command(); err != nil {
		after := from.Info()
		if errors.Is(err, core.ErrHeaderListTooLarge) {
			after.AbuseLeft = before.AbuseLeft
		}
		if before != after {
			u.t.Fatalf("%v, but it changed\n%+v to\n%+v", err, before, after)
		}
		return false
	}
	u.carry()
	if len(u.got) != 1 {
		u.t.Fatalf("%v was accepted, %v was reported", list, u.got)
	}
	var got []core.Field
	switch ev := u.got[0].(type) {
	case *core.HeadersReceived:
		got = ev.Fields
		if why := malformed(ev.Kind, got, ev.Pseudo); why != "" {
			u.t.Errorf("%v: %s", ev, why)
		}
	case *core.PushPromiseReceived:
		got = ev.Fields
	}
	want := joined(list)
	for i := range want {
		// A field may be kept out of the tables although nobody asked for it.
		want[i].Sensitive = want[i].Sensitive || i < len(got) && got[i].Sensitive && mayBeSecret(want[i].Name)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		u.t.Errorf("sent and received (-sent +received):\n%s", diff)
	}
	return true
}

func mayBeSecret(name string) bool {
	switch name {
	case "authorization", "proxy-authorization", "cookie", "set-cookie":
		return true
	}
	return false
}

// joined is a list with its cookie crumbs joined, at the place of the first
// (RFC 9113 §8.2.3).
func joined(list []core.Field) []core.Field {
	kept := []core.Field{}
	at := -1
	for _, f := range list {
		if f.Name == "cookie" && at >= 0 {
			kept[at].Value += "; " + f.Value
			kept[at].Sensitive = kept[at].Sensitive || f.Sensitive
			continue
		}
		if f.Name == "cookie" {
			at = len(kept)
		}
		kept = append(kept, f)
	}
	return kept
}

var (
	names = []string{
		"accept", "cookie", "cookie", "te", "host", "content-length", "authorization", "set-cookie", "priority", "x-a",
		"connection", "Upper", "", ":path", ":method", ":authority", ":scheme", ":status", ":protocol", ":unknown",
		"content-type", "x-long-" + strings.Repeat("n", 300), "via", "age", "upgrade", "trailer",
	}
	values = []string{
		"", "a", "trailers", "0", "5", "example.com", "example.com:443", " a", "a\t", "a\nb", "a\x00", "\xff\x80", "u=1, i",
		"https", "http", "GET", "CONNECT", "/", "*", "200", "103", "204", strings.Repeat("v", 20), strings.Repeat("0~", 3000),
		strings.Repeat("w", 40000), "[::1]:80", "é", "a b",
	}
)

// list makes a header block: a known one with some fields put in, changed or
// taken out.
func (t *tape) list(base [][]core.Field) []core.Field {
	list := append([]core.Field(nil), pick(t, base)...)
	for range t.below(8) {
		other := func() string { return string(t.take(t.below(20))) }
		f := core.Field{Name: choose(t, names, other), Value: choose(t, values, other), Sensitive: t.byte() > 200}
		switch at := t.below(len(list) + 1); {
		case at == len(list) || t.bool():
			list = append(list[:at], append([]core.Field{f}, list[at:]...)...)
		case t.bool():
			list[at] = f
		default:
			list = append(list[:at], list[at+1:]...)
		}
	}
	return list[:min(len(list), 128)] // more than that no end of ours takes
}

// FuzzFields: what one end accepts to send, the other reports as it is, cookie
// crumbs joined; or the sender refuses and nothing has changed. Nothing that was
// accepted is ever a fault to the other.
func FuzzFields(f *testing.F) {
	for i := range requests {
		f.Add(uint64(i), []byte{byte(i), 0, byte(i), 0, 0, 0, byte(i), 0, byte(i), 0, byte(i), 0, 0})
	}
	for seed := range uint64(40) {
		f.Add(seed*77777, random(seed, 150))
	}
	f.Fuzz(func(t *testing.T, bits uint64, script []byte) {
		u := newCourier(t, bits)
		p := tape{script}
		for n := 0; !p.done() && n < 20 && !t.Failed(); n++ {
			u.exchange(&p)
		}
	})
}

// exchange sends a request and whatever may follow it on its stream.
func (u *courier) exchange(t *tape) {
	u.resize(t)
	var id core.StreamID
	list := t.list(requests)
	end := t.byte()&3 == 0
	if !u.sends(u.client, list, func() (err error) {
		id, err = u.client.Open(dawn, list, end)
		return err
	}) {
		return
	}
	home := atHome(list)
	interims := 0 // bytes
	for range t.below(4) {
		var promised core.StreamID
		switch t.below(4) {
		case 0:
			list := t.list(requests)
			if u.sends(u.server, list, func() (err error) {
				if !home || !atHome(list) {
					return core.ErrPushDisabled // the client takes none but the request's authority
				}
				promised, err = u.server.Push(dawn, id, list)
				return err
			}) {
				u.client.Reset(dawn, promised, core.Cancel)
				u.carry()
			}
		default:
			list := t.list(responses)
			if strings.HasPrefix(valueOf(list, ":status"), "1") {
				// All of a request's together have a bound, too, of which the
				// server can't know.
				before := interims
				for _, f := range list {
					interims += f.Size()
				}
				if before > 0 && interims > u.client.Limits().MaxHeaderList {
					continue
				}
			}
			u.sends(u.server, list, func() error { return u.server.Headers(dawn, id, list, false) })
		}
		u.resize(t)
	}
	list = t.list(trailers)
	u.sends(u.client, list, func() error { return u.client.Headers(dawn, id, list, true) })
	list = t.list(trailers)
	u.sends(u.server, list, func() error { return u.server.Headers(dawn, id, list, true) })
	u.client.Reset(dawn, id, core.Cancel) // an error if it is over
	u.carry()
}

func atHome(list []core.Field) bool {
	return valueOf(list, ":authority") == "example.com" && valueOf(list, ":scheme") == "https"
}

// resize changes what the ends allow each other, now and then. A header list of
// less than 4096 bytes is more than a sender of ours is ready to believe in.
func (u *courier) resize(t *tape) {
	for _, c := range []*core.Conn{u.client, u.server} {
		switch t.below(8) {
		case 0:
			c.UpdateSettings(dawn, []core.Setting{{ID: core.SettingHeaderTableSize, Value: t.number()}})
		case 1:
			c.UpdateSettings(dawn, []core.Setting{{ID: core.SettingHeaderTableSize, Value: t.number()}})
			c.UpdateSettings(dawn, []core.Setting{{ID: core.SettingHeaderTableSize, Value: t.number()}})
		case 2:
			c.UpdateSettings(dawn, []core.Setting{{ID: core.SettingMaxHeaderListSize, Value: max(4096, t.number())}})
		}
	}
	u.carry()
}
