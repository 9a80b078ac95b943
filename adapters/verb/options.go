package verb

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strconv"
	"time"

	"weft/adapters/http1"
	"weft/core"
	"weft/events"
)

// Options say how an App behaves. The zero Options work; see App.WithOptions
// for how several come together. What is out of range is events.ErrOutOfRange,
// of App.Server and App.Listen.
type Options struct {
	// Port is the TCP port of Listen without one: 0, any, to 65535.
	Port events.Opt[int]
	// Host is the address Listen listens on; default all of them.
	Host string
	// TLS has the certificate. Without one the server speaks cleartext HTTP/2.
	TLS TLSOptions
	// HTTP2 is about connections and the protocol.
	HTTP2 HTTP2Options
	// BodyLimit is how many bytes of a body Request.Bytes and its like read;
	// default that of the App this one is mounted in, and at last 1 MiB. A longer one
	// is answered with status 413.
	BodyLimit events.Opt[int64]
	// Inline has requests that have no body, by HTTP/2, served within
	// the turn that brings them, which takes less time still: handlers and
	// middlewares are then callbacks of package events. They must not wait for
	// anything, as all that belongs to the connection waits for them:
	// Response.Write does not wait, and copies what the client does not take.
	// PushStream.Write does: a push is ended by End or SendFrom there.
	// Default false.
	Inline events.Opt[bool]
	// Logger gets what goes wrong; default slog.Default().
	Logger *slog.Logger
}

const defaultBodyLimit = 1 << 20

// TLSOptions are who the server is.
type TLSOptions struct {
	// Cert and Key are the certificate, followed by those that vouch for it,
	// and its private key, in PEM.
	Cert, Key []byte
	// Config has everything else about TLS, and may have the certificate, too.
	Config *tls.Config
}

func (o *TLSOptions) set() bool { return len(o.Cert) > 0 || len(o.Key) > 0 || o.Config != nil }

// HTTP2Options are those of the server's connections. Where nothing else is
// said they are the options of that name in package events, with its defaults
// and bounds.
type HTTP2Options struct {
	// AllowHTTP1 has clients that do not speak HTTP/2 served by HTTP/1.1 on
	// the same port. Default false.
	AllowHTTP1 events.Opt[bool]
	// HTTP1 is how HTTP/1.1 is spoken. If something of it is set, AllowHTTP1 must
	// be, too.
	HTTP1 http1.Options
	// Settings are announced to clients.
	Settings events.Settings

	MaxSessionMemory           int // megabytes a connection
	MaxDeflateDynamicTableSize events.Opt[uint32]
	MaxSettings                int
	MaxHeaderListPairs         int
	MaxOutstandingPings        int
	MaxSendHeaderBlockLength   int
	PaddingStrategy            events.PaddingStrategy
	PeerMaxConcurrentStreams   events.Opt[uint32]

	// Transport is core.TransportEncrypted behind a proxy that ends TLS and is
	// trusted, and core.TransportAny if it passes on requests for http as well.
	Transport core.Transport

	// EnablePush says whether there are pushes. Settings.EnablePush, which is
	// announced to clients, wins over it, and is announced as this one if it is
	// not set. Default true.
	EnablePush events.Opt[bool]
	// PushStreams bound the pushes.
	PushStreams PushStreamOptions

	// SessionTimeout is how long nothing may happen on a connection before it
	// is closed; default 0, for ever.
	SessionTimeout events.Opt[time.Duration]
	// Timeouts are how long a client may take for what: see core.Timeouts. 0 is
	// the default of package events, which leaves Idle, BodyIdle, Stall and
	// Shutdown off; on an open port set them. core.Never switches one off,
	// negative is an error. By HTTP/1.1 only BodyIdle counts.
	Timeouts core.Timeouts

	// Debug logs every frame, and has the answer to an error tell the client
	// what the error was. Default is what the environment says: true if there
	// is DEBUG_HTTP2, unless that is empty, 0 or false.
	Debug events.Opt[bool]
	// DebugLogger gets what Debug logs in place of Options.Logger, there at
	// level debug. Without either it goes to the handler of slog.Default(),
	// whatever the least level of that. DebugLogger is called by several
	// goroutines, and must not block.
	DebugLogger func(level slog.Level, message string, data ...slog.Attr)
}

// debug reports whether to debug.
func (o *HTTP2Options) debug() bool {
	if on, set := o.Debug.Get(); set {
		return on
	}
	word := os.Getenv("DEBUG_HTTP2")
	on, err := strconv.ParseBool(word)
	return on || err != nil && word != ""
}

func (o *HTTP2Options) session() events.SessionOptions {
	settings := o.Settings
	if _, ok := settings.EnablePush.Get(); !ok {
		settings.EnablePush = o.EnablePush
	}
	return events.SessionOptions{
		Settings:        settings,
		PaddingStrategy: o.PaddingStrategy,
		Transport:       o.Transport,
		SessionLimits: events.SessionLimits{
			MaxSessionMemory:           o.MaxSessionMemory,
			MaxDeflateDynamicTableSize: o.MaxDeflateDynamicTableSize,
			MaxSettings:                o.MaxSettings,
			MaxHeaderListPairs:         o.MaxHeaderListPairs,
			MaxOutstandingPings:        o.MaxOutstandingPings,
			MaxSendHeaderBlockLength:   o.MaxSendHeaderBlockLength,
			PeerMaxConcurrentStreams:   o.PeerMaxConcurrentStreams,
		},
		Timeouts: o.Timeouts,
	}
}

// check returns what is wrong with the options that package events does not see.
func (o *Options) check() error {
	if n := o.Port.Or(0); n < 0 || n > 65535 {
		return outOfRange("Port", n, portRange)
	}
	if n := o.BodyLimit.Or(0); n < 0 {
		return outOfRange("BodyLimit", n, "0 or more")
	}
	if t := o.HTTP2.SessionTimeout.Or(0); t < 0 {
		return outOfRange("HTTP2.SessionTimeout", t, "0 or more")
	}
	return o.HTTP2.PushStreams.check()
}

const portRange = "0 to 65535"

func outOfRange(option string, value any, allowed string) error {
	return fmt.Errorf("%w: verb: %s is %v, must be %s", events.ErrOutOfRange, option, value, allowed)
}

// with returns the options with those of over that are set.
func (o Options) with(over Options) Options {
	merge(reflect.ValueOf(&o).Elem(), reflect.ValueOf(&over).Elem())
	return o
}

// merge sets in dst what is set in src. A struct of options is merged field by
// field, a map key by key; everything else, an Opt included, is one value.
func merge(dst, src reflect.Value) {
	switch {
	case src.Kind() == reflect.Struct && src.Type().Field(0).IsExported():
		for i := range src.NumField() {
			merge(dst.Field(i), src.Field(i))
		}
	case src.IsZero():
	case src.Kind() == reflect.Map:
		both := reflect.MakeMap(src.Type())
		for _, m := range []reflect.Value{dst, src} {
			for it := m.MapRange(); it.Next(); {
				both.SetMapIndex(it.Key(), it.Value())
			}
		}
		dst.Set(both)
	default:
		dst.Set(src)
	}
}

// lines has the lines of an inspector.Log logged.
type lines struct {
	log  func(level slog.Level, message string, data ...slog.Attr)
	peer any
}

func (l *lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		l.log(slog.LevelDebug, string(bytes.TrimRight(line, "\n")), slog.Any("peer", l.peer))
	}
	return len(p), nil
}

// debugLogger returns what logs the frames. Somebody asked for them, and the
// default logger leaves level debug out unless the program says otherwise: so
// its handler is not asked. A Logger that was given knows what it wants.
func (o *Options) debugLogger() func(slog.Level, string, ...slog.Attr) {
	switch {
	case o.HTTP2.DebugLogger != nil:
		return o.HTTP2.DebugLogger
	case o.Logger != nil:
		return func(level slog.Level, message string, data ...slog.Attr) {
			o.Logger.LogAttrs(context.Background(), level, message, data...)
		}
	}
	return func(level slog.Level, message string, data ...slog.Attr) {
		r := slog.NewRecord(time.Now(), level, message, 0)
		r.AddAttrs(data...)
		slog.Default().Handler().Handle(context.Background(), r)
	}
}
