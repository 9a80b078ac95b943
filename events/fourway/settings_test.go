package fourway

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"weft/events"
)

// SETTINGS.

// settingsText is settings in a transcript.
func settingsText(s events.Settings) string {
	parts := []string{
		"headerTableSize=" + optText(s.HeaderTableSize),
		"enablePush=" + optText(s.EnablePush),
		"initialWindowSize=" + optText(s.InitialWindowSize),
		"maxFrameSize=" + optText(s.MaxFrameSize),
		"maxConcurrentStreams=" + optText(s.MaxConcurrentStreams),
		"maxHeaderListSize=" + optText(s.MaxHeaderListSize),
		"enableConnectProtocol=" + optText(s.EnableConnectProtocol),
	}
	for _, id := range slices.Sorted(maps.Keys(s.CustomSettings)) {
		parts = append(parts, fmt.Sprintf("%d=%d", id, s.CustomSettings[id]))
	}
	return strings.Join(parts, " ")
}

func optText[T any](o events.Opt[T]) string {
	if v, ok := o.Get(); ok {
		return fmt.Sprint(v)
	}
	return "undefined"
}

// change announces settings and has then called when they are acknowledged.
func change(w *end, s *events.Session, settings events.Settings, then func()) {
	err := s.Settings(settings, func(err error, now events.Settings, rtt time.Duration) {
		w.say("settings", "acknowledged %s %t %s", null(err), rtt >= 0, settingsText(now))
		then()
	})
	if err != nil {
		w.say("settings", "failed: %s", errorText(err))
		then()
	}
}

// changeAll announces settings, all at once, and waits for them.
func (w *clientEnd) changeAll(list ...events.Settings) {
	done := make(chan struct{}, len(list))
	w.do(func() {
		for _, settings := range list {
			change(&w.end, &w.session.Session, settings, func() { done <- struct{}{} })
		}
	})
	for range list {
		select {
		case <-done:
		case <-time.After(patience):
			w.say("late", "settings")
		}
	}
}

// tellRemote says what a peer announces.
func tellRemote(w *end, s *events.Session) {
	s.OnRemoteSettings(func(s events.Settings) { w.say("remote settings", "%s", settingsText(s)) })
}

func tellLocal(w *end, s *events.Session) {
	s.OnLocalSettings(func(s events.Settings) { w.say("local settings", "%s", settingsText(s)) })
}

// acknowledged waits for the localSettings event after having set up f.
func (w *clientEnd) acknowledged() {
	got := newSignal()
	w.do(func() {
		if !w.session.PendingSettingsAck() {
			got.fire()
		}
		w.session.OnLocalSettings(func(events.Settings) { got.fire() })
	})
	w.await(got.ch, "localSettings")
}

// announced waits for the server's settings and returns them.
func (w *clientEnd) announced() events.Settings {
	w.await(w.heard.ch, "remoteSettings")
	return w.session.RemoteSettings()
}

// some are settings other than the defaults.
func some(s *events.Settings) {
	s.HeaderTableSize = events.Set[uint32](1000)
	s.InitialWindowSize = events.Set[uint32](70000)
	s.MaxFrameSize = events.Set[uint32](20000)
	s.MaxConcurrentStreams = events.Set[uint32](7)
	s.MaxHeaderListSize = events.Set[uint32](10000)
}

func window(n uint32) events.Settings { return events.Settings{InitialWindowSize: events.Set(n)} }

var settingsScenarios = []scenario{
	{
		name: "settings-by-default",
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) {
				tellRemote(&w.end, &ss.Session)
				tellLocal(&w.end, &ss.Session)
			})
			w.on("/", ok)
		},
		before: func(w *clientEnd) {
			tellRemote(&w.end, &w.session.Session)
			tellLocal(&w.end, &w.session.Session)
		},
		client: func(w *clientEnd) {
			w.request(get("/"))
			w.acknowledged()
		},
	},
	{
		name:          "settings-of-the-start",
		serverOptions: func(o *events.SecureServerOptions) { some(&o.Settings) },
		clientOptions: func(o *events.ConnectOptions) {
			some(&o.Settings)
			o.Settings.EnablePush = events.Set(false)
		},
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) { tellRemote(&w.end, &ss.Session) })
			w.on("/", ok)
		},
		before: func(w *clientEnd) { tellRemote(&w.end, &w.session.Session) },
		client: func(w *clientEnd) {
			w.acknowledged()
			w.say("local settings", "%s", settingsText(w.session.LocalSettings()))
			w.say("local settings", "pending=%t", w.session.PendingSettingsAck())
			w.request(get("/"))
		},
	},
	{
		name: "settings-by-client",
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) { tellRemote(&w.end, &ss.Session) })
			w.on("/", answering(events.Status(200), string(pattern(20000))))
		},
		client: func(w *clientEnd) {
			w.acknowledged()
			settings := window(1000)
			settings.MaxFrameSize = events.Set[uint32](16385)
			w.changeAll(settings)
			w.request(get("/"))
		},
	},
	{
		name: "settings-by-server",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				settings := events.Settings{MaxConcurrentStreams: events.Set[uint32](3), HeaderTableSize: events.Set[uint32](0)}
				change(&w.end, &st.Session().Session, settings, func() { ok(st, h) })
			})
		},
		before: func(w *clientEnd) { tellRemote(&w.end, &w.session.Session) },
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "settings-several-at-once",
		server: func(w *serverEnd) { w.on("/", ok) },
		client: func(w *clientEnd) {
			w.acknowledged()
			w.changeAll(window(1000), window(2000), window(3000))
			w.request(get("/"))
		},
	},
	{
		name:   "settings-out-of-range",
		server: func(w *serverEnd) { w.on("/", ok) },
		client: func(w *clientEnd) {
			w.connected()
			for _, n := range []uint32{1 << 31} {
				w.attempt("settings", fmt.Sprintf(`{"initialWindowSize":%d}`, n), w.session.Settings(window(n), nil))
			}
			for _, n := range []uint32{16383, 1 << 24} {
				err := w.session.Settings(events.Settings{MaxFrameSize: events.Set(n)}, nil)
				w.attempt("settings", fmt.Sprintf(`{"maxFrameSize":%d}`, n), err)
			}
			w.request(get("/"))
		},
	},
	{
		name:          "settings-window-of-zero",
		clientOptions: func(o *events.ConnectOptions) { o.Settings = window(0) },
		server:        func(w *serverEnd) { w.on("/", answering(events.Status(200), string(pattern(100000)))) },
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { w.session.Settings(window(50000), nil) })
			})
		},
	},
	{
		name:          "settings-no-table",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.HeaderTableSize = events.Set[uint32](0) },
		clientOptions: func(o *events.ConnectOptions) { o.Settings.HeaderTableSize = events.Set[uint32](0) },
		server:        func(w *serverEnd) { w.on("/", answering(events.Status(200, "x-again", "and again"), "")) },
		client: func(w *clientEnd) {
			for range 5 {
				w.finish(w.request(events.H(":path", "/", "x-again", "and again")))
			}
		},
	},
	{
		name: "settings-large-frames",
		serverOptions: func(o *events.SecureServerOptions) {
			o.Settings.MaxFrameSize = events.Set[uint32](1<<24 - 1)
			o.Settings.InitialWindowSize = events.Set[uint32](1 << 20)
		},
		clientOptions: func(o *events.ConnectOptions) {
			o.Settings.MaxFrameSize = events.Set[uint32](1 << 20)
			o.Settings.InitialWindowSize = events.Set[uint32](1 << 20)
		},
		server: func(w *serverEnd) { w.on("/", echo) },
		client: func(w *clientEnd) { w.request(post("/"), ending(pattern(600000))) },
	},
	{
		name: "settings-no-more-pushes",
		server: func(w *serverEnd) {
			tell := func(st *events.ServerStream, h events.Headers) {
				w.say("push", "allowed=%t", st.PushAllowed())
				ok(st, h)
			}
			w.on("/before", tell)
			w.on("/after", tell)
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/before")))
			w.changeAll(events.Settings{EnablePush: events.Set(false)})
			w.request(get("/after"))
		},
	},
	{
		name: "settings-connection-window",
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) { ss.SetLocalWindowSize(1 << 20) })
			w.on("/", func(st *events.ServerStream, h events.Headers) { st.OnEnd(func() { ok(st, h) }) })
		},
		client: func(w *clientEnd) {
			w.session.OnConnect(func() { w.session.SetLocalWindowSize(1 << 20) })
			w.request(post("/"), ending(pattern(500000)))
		},
	},
	{
		name: "settings-without-a-name",
		serverOptions: func(o *events.SecureServerOptions) {
			o.Settings.CustomSettings = map[uint16]uint32{9999: 301}
			o.RemoteCustomSettings = []uint16{8888}
		},
		clientOptions: func(o *events.ConnectOptions) {
			o.Settings.CustomSettings = map[uint16]uint32{8888: 17, 7777: 1}
			o.RemoteCustomSettings = []uint16{9999}
		},
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) { tellRemote(&w.end, &ss.Session) })
			w.on("/", ok)
		},
		before: func(w *clientEnd) { tellRemote(&w.end, &w.session.Session) },
		client: getOne,
	},
	{
		name: "settings-of-a-server-updated",
		server: func(w *serverEnd) {
			settings := window(100000)
			settings.MaxConcurrentStreams = events.Set[uint32](9)
			w.attempt("server", "updateSettings", w.server.UpdateSettings(settings))
			w.on("/", ok)
		},
		before: func(w *clientEnd) { tellRemote(&w.end, &w.session.Session) },
		client: func(w *clientEnd) {
			w.announced()
			w.request(get("/"))
		},
	},
}
