package nodetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weft/events"
)

// Requests that are made before the connection is up.
func TestNode_beforeConnect(t *testing.T) {
	const host = "localhost:8080"
	t.Run("client-request-listeners-warning", func(t *testing.T) {
		// No number of requests that wait is too many; the warning is
		// JavaScript's.
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("") })
			for range 11 {
				d.request(context.Background(), events.Headers{})
			}
			d.happened()
			d.answer()
			d.mu.Lock()
			defer d.mu.Unlock()
			if n := count(d.log, "request response 200"); n != 11 {
				t.Errorf("%d responses: %q", n, d.log)
			}
		})
	})
	t.Run("client-write-before-connect", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				var body []byte
				st.OnData(func(p []byte) { body = append(body, p...) })
				st.OnEnd(func() {
					d.note("server end %s", body)
					st.EndString("")
				})
			})
			d.request(context.Background(), events.H(":method", "POST"), func(st *events.ClientStream) {
				st.WriteString("some data ")
				st.EndString("more data")
			})
			d.answer()
			d.happened("client connect", "request response 200", "request end", "request close 0",
				"server stream /", "server end some data more data", "server stream close 0")
		})
	})
	t.Run("create-client-session.1", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			const body = "<html><body><h1>this is some data</h2></body></html>"
			d.srv.OnStream(func(st *events.ServerStream, h events.Headers, f events.Flags) {
				if h.Method() != "GET" || h.Scheme() != "http" || h.Authority() != host || h.Path() != "/" || f != 5 {
					t.Errorf("%v flags=%d", h, f)
				}
				st.Respond(events.Status(200, "content-type", "text/html"))
				st.WriteString(body[:20])
				st.EndString(body[20:])
			})
			for range 100 {
				d.request(context.Background(), events.Headers{}, func(st *events.ClientStream) {
					var got strings.Builder
					st.OnData(func(p []byte) { got.Write(p) })
					st.OnResponse(func(h events.Headers, _ events.Flags) {
						if h.Status() != 200 || h.Get("content-type") != "text/html" || h.Get("date") == "" {
							t.Errorf("the response: %v", h)
						}
					})
					st.OnEnd(func() {
						if got.String() != body {
							t.Errorf("the body: %q", &got)
						}
					})
				})
			}
			d.answer()
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, line := range []string{"server stream /", "request response 200", "request end", "request close 0"} {
				if n := count(d.log, line); n != 100 {
					t.Errorf("%q %d times", line, n)
				}
			}
			covers(t, "rule.request.deferred-until-connected")
		})
	})
	t.Run("request-remove-connect-listener", func(t *testing.T) {
		// Listeners are not counted in Go: nothing of a waiting request stays.
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.client.OnConnect(func() { d.note("once") }).Once()
			st := d.request(context.Background(), events.Headers{})
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("") })
			d.answer()
			d.happened("client connect", "once", "request response 200", "request end", "request close 0",
				"server stream /", "server stream close 0")
			if d.client.StreamCount() != 0 || st.Pending() {
				t.Errorf("%d streams are left", d.client.StreamCount())
			}
		})
	})
	t.Run("client-promisify-connect", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("ok") })
			if !d.client.Connecting() {
				t.Error("it does not connect")
			}
			ready := make(chan error, 1)
			go func() { ready <- d.client.Ready(context.Background()) }()
			synctest.Wait()
			select {
			case err := <-ready:
				t.Errorf("ready before the connection is: %v", err)
			default:
			}
			d.answer()
			if err := <-ready; err != nil || d.client.Connecting() {
				t.Errorf("%v; connecting %v", err, d.client.Connecting())
			}
			d.happened("client connect")
			d.request(context.Background(), events.Headers{}, func(st *events.ClientStream) {
				st.OnData(func(p []byte) { d.note("data %s", p) })
			})
			d.happened("request response 200", "data ok", "request end", "request close 0", "server stream /", "server stream close 0")
		})
	})
	t.Run("client-settings-before-connect.1", func(t *testing.T) {
		// What 32 bits don't hold does not compile.
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			for _, c := range invalidSettings {
				checkInvalid(t, "Settings", d.client.Settings(c.settings, nil), c.message)
			}
		})
	})
	t.Run("client-settings-before-connect.3", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			fails(t, "eleven custom settings", d.client.Settings(custom(11), nil), events.ErrTooManyCustom,
				"ERR_HTTP2_TOO_MANY_CUSTOM_SETTINGS: Number of custom settings exceeds MAX_ADDITIONAL_SETTINGS")
			if err := d.client.Settings(custom(10), nil); err != nil {
				t.Errorf("ten: %v", err)
			}
			err := d.client.Settings(events.Settings{CustomSettings: map[uint16]uint32{0: 1}}, nil)
			checkInvalid(t, "Settings", err, `Invalid value for setting "customSettings:id": 0`)
		})
	})
	t.Run("client-settings-before-connect.4", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.srv.OnSession(func(ss *events.ServerSession) {
				ss.OnRemoteSettings(func(s events.Settings) { d.note("server remoteSettings %s", show(s.MaxFrameSize)) })
			})
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("") })
			err := d.client.Settings(events.Settings{
				MaxFrameSize: events.Set[uint32](1234567), CustomSettings: map[uint16]uint32{0xbf: 12},
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			d.request(context.Background(), events.Headers{})
			d.answer()
			d.happened("client connect", "request response 200", "request end", "request close 0",
				"server remoteSettings 16384", "server remoteSettings 1234567", "server stream /", "server stream close 0")
			sent := d.fromClient.list()
			if len(sent) < 3 || sent[0] != "SETTINGS" || sent[1] != "SETTINGS MAX_FRAME_SIZE=1234567 0xbf=12" || !strings.HasPrefix(sent[2], "HEADERS 1 ") {
				t.Errorf("sent: %q", sent)
			}
		})
	})
}

// What a request may be given, and what it sends.
func TestNode_request(t *testing.T) {
	t.Run("head-request.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.Respond(events.Status(200)) })
		w.request(events.H(":method", "HEAD"), events.RequestOptions{})
		w.settle()
		if got := w.of("client"); !slices.Equal(got, []string{"ready 1", "finish", "response 200 flags=5", "end", "close 0"}) {
			t.Errorf("the client's events: %q", got)
		}
	})

	w := newWorld(t, setup{})
	w.serve(nil)
	w.settle()
	for _, c := range []struct {
		row  string
		h    events.Headers
		opts events.RequestOptions
		sent string
	}{
		{"session.method.request", events.H(":path", "/x", "accept", "*/*"), events.RequestOptions{},
			"HEADERS 1 :path=/x :method=GET :authority=localhost:8080 :scheme=http accept=*/* END_STREAM"},
		{"session.request.option.endStream", events.H(":method", "POST", ":path", "/"), events.RequestOptions{EndStream: events.Set(true)},
			"HEADERS 3 :method=POST :path=/ :authority=localhost:8080 :scheme=http END_STREAM"},
		{"session.request.option.endStream", events.H(":method", "GET", ":path", "/"), events.RequestOptions{EndStream: events.Set(false)},
			"HEADERS 5 :method=GET :path=/ :authority=localhost:8080 :scheme=http"},
		{"session.request.option.parent", events.H(":path", "/"), events.RequestOptions{Parent: 5},
			"HEADERS 7 prio=5,16 :path=/ :method=GET :authority=localhost:8080 :scheme=http END_STREAM"},
		{"session.request.option.exclusive", events.H(":path", "/"), events.RequestOptions{Parent: 5, Exclusive: true},
			"HEADERS 9 prio=5,16,excl :path=/ :method=GET :authority=localhost:8080 :scheme=http END_STREAM"},
		{"session.request.option.weight", events.H(":path", "/"), events.RequestOptions{Weight: 256},
			"HEADERS 11 prio=0,256 :path=/ :method=GET :authority=localhost:8080 :scheme=http END_STREAM"},
		{"session.request.option.weight", events.H(":path", "/"), events.RequestOptions{Weight: 1000}, // taken to the nearest
			"HEADERS 13 prio=0,256 :path=/ :method=GET :authority=localhost:8080 :scheme=http END_STREAM"},
		{"session.request.option.weight", events.H(":path", "/"), events.RequestOptions{Weight: -1},
			"HEADERS 15 prio=0,1 :path=/ :method=GET :authority=localhost:8080 :scheme=http END_STREAM"},
	} {
		w.fromClient.clear()
		st := w.request(c.h, c.opts)
		w.settle()
		if got := w.fromClient.stream(st.ID()); len(got) != 1 || got[0] != c.sent {
			t.Errorf("%s: sent %q\nwant %q", c.row, got, c.sent)
			continue
		}
		covers(t, c.row)
	}
}
