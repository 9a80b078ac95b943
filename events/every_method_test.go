package events_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// notCalled are methods a stress test can't call at random: those of whoever
// drives a session, and those documented to block for as long as others like.
var notCalled = map[string]string{
	"Receive": "driver", "ReceiveEOF": "driver", "Advance": "driver", "SwapOutput": "driver", "Wrote": "driver",
	"OnWake":   "driver",
	"Wait":     "blocks until the end",
	"Serve":    "blocks until the end",
	"Shutdown": "blocks until the end",
	"Listen":   "opens a port",
}

// caller calls methods with arguments made up from their types.
type caller struct {
	t    *testing.T
	file *os.File
	mu   sync.Mutex
	seen map[string]bool // "Type.Method"
}

// any calls n methods of v, whatever they are.
func (c *caller) any(v any, n int) {
	val := reflect.ValueOf(v)
	typ := val.Type()
	for range n {
		i := rand.IntN(typ.NumMethod())
		c.call(typ, typ.Method(i), val.Method(i))
	}
}

// every calls each method of v once, in random order.
func (c *caller) every(v any) {
	val := reflect.ValueOf(v)
	typ := val.Type()
	for _, i := range rand.Perm(typ.NumMethod()) {
		c.call(typ, typ.Method(i), val.Method(i))
	}
}

func (c *caller) call(typ reflect.Type, m reflect.Method, f reflect.Value) {
	if notCalled[m.Name] != "" {
		return
	}
	args := make([]reflect.Value, f.Type().NumIn())
	for i := range args {
		in := f.Type().In(i)
		if f.Type().IsVariadic() && i == len(args)-1 {
			args[i] = reflect.MakeSlice(in, 0, 0)
			if rand.IntN(2) == 0 {
				args[i] = reflect.Append(args[i], c.value(in.Elem()))
			}
			continue
		}
		args[i] = c.value(in)
	}
	name := typ.String() + "." + m.Name
	defer func() {
		if r := recover(); r != nil {
			c.t.Errorf("%s panicked: %v", name, r)
		}
	}()
	c.mu.Lock()
	c.seen[name] = true
	c.mu.Unlock()
	if f.Type().IsVariadic() {
		f.CallSlice(args)
	} else {
		f.Call(args)
	}
}

var texts = []string{"", "/", "x", "http://example.org", "https://a.example:8443/x", "GET", "bad\r\nvalue", "bad name", ":status", "content-type", `h2=":81"`}

// value makes up an argument.
func (c *caller) value(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(context.Background())
	case reflect.TypeFor[error]():
		if rand.IntN(2) == 0 {
			return reflect.Zero(t)
		}
		return reflect.ValueOf(errors.New("made up"))
	case reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Duration(rand.IntN(3)-1) * time.Millisecond)
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Now().Add(time.Duration(rand.IntN(5)) * time.Millisecond))
	case reflect.TypeFor[events.Headers]():
		return reflect.ValueOf([]events.Headers{
			{}, events.Status(200), events.Status(103), events.Status(999), events.H(":path", "/", "x", "y"), events.H("bad name", "v"), events.H("te", "gzip"),
		}[rand.IntN(7)])
	case reflect.TypeFor[core.ErrCode]():
		return reflect.ValueOf(core.ErrCode(rand.IntN(14)))
	case reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(io.LimitReader(zeros{}, int64(rand.IntN(100000))))
	case reflect.TypeFor[events.Sink]():
		return reflect.ValueOf(noSink{})
	case reflect.TypeFor[*os.File](), reflect.TypeFor[events.Descriptor]():
		return reflect.ValueOf(c.file)
	case reflect.TypeFor[fs.FS]():
		return reflect.ValueOf(fstest.MapFS{"x": {Data: []byte("file")}})
	case reflect.TypeFor[net.Conn]():
		a, _ := mem.Pipe()
		a.Close()
		return reflect.ValueOf(a)
	case reflect.TypeFor[net.Listener]():
		l := mem.Listen()
		l.Close()
		return reflect.ValueOf(l)
	}
	switch t.Kind() {
	case reflect.String:
		return reflect.ValueOf(texts[rand.IntN(len(texts))]).Convert(t)
	case reflect.Bool:
		return reflect.ValueOf(rand.IntN(2) == 0).Convert(t)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return reflect.ValueOf(rand.IntN(1000) - 10).Convert(t)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return reflect.ValueOf(rand.IntN(40)).Convert(t)
	case reflect.Slice:
		s := reflect.MakeSlice(t, 0, 3)
		for range rand.IntN(4) {
			s = reflect.Append(s, c.value(t.Elem()))
		}
		return s
	case reflect.Func:
		if rand.IntN(10) == 0 {
			return reflect.Zero(t) // only a function that is optional may be nil
		}
		return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
			out := make([]reflect.Value, t.NumOut())
			for i := range out {
				out[i] = c.value(t.Out(i))
			}
			return out
		})
	case reflect.Struct, reflect.Array:
		return reflect.Zero(t)
	}
	panic(fmt.Sprintf("no way to make up a %v", t))
}

// noSink takes everything.
type noSink struct{}

func (noSink) Write([]byte) (bool, error)     { return true, nil }
func (noSink) End([]byte) error               { return nil }
func (noSink) OnDrain(func()) events.Listener { return events.Listener{} }

// Every exported method, found by reflection, from many goroutines while
// sessions come and go: nothing races, panics or hangs.
func TestEveryMethod(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := &caller{t: t, file: file, seen: make(map[string]bool)}
	quiet := slog.New(slog.DiscardHandler)
	var others sync.WaitGroup
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Logger: quiet}})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnSession(func(ss *events.ServerSession) {
		c.any(ss, 5)
		others.Go(func() {
			c.any(ss, 50)
			c.every(ss)
		})
	})
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		c.any(st, 10)
		others.Go(func() { c.any(st, 40) })
		others.Go(func() { c.every(st) })
		if h.Path() == "/blocking" {
			d := st.Blocking()
			others.Go(func() {
				d.SetDeadline(time.Now().Add(10 * time.Millisecond))
				c.any(d, 40)
				d.Close()
			})
		}
	})
	l := mem.Listen()
	go srv.Serve(l)
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	for range rounds {
		client, err := events.Connect(context.Background(), "http://example.org", events.ConnectOptions{
			SessionOptions:   events.SessionOptions{Logger: quiet},
			CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			st, err := client.Request(context.Background(), events.H(":method", "POST", ":path", []string{"/", "/blocking"}[i%2]))
			if err != nil {
				continue
			}
			others.Go(func() { c.any(st, 20) })
			others.Go(func() { c.every(st) })
		}
		others.Go(func() {
			c.any(client, 50)
			c.every(client)
		})
		others.Go(func() {
			if k := client.Socket(); k != nil {
				c.any(k, 20)
			}
			client.Destroy(nil, core.NoError)
			client.Wait()
		})
	}
	others.Wait()
	srv.DestroyAll()
	srv.Wait()
	for _, v := range []any{srv, (*events.ServerSession)(nil), (*events.ClientSession)(nil), (*events.ServerStream)(nil), (*events.ClientStream)(nil)} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumMethod() {
			m := typ.Method(i).Name
			if v == srv || notCalled[m] != "" || testing.Short() {
				continue
			}
			if name := typ.String() + "." + m; !c.seen[name] {
				t.Errorf("%s was not called", strings.TrimPrefix(name, "*"))
			}
		}
	}
}
