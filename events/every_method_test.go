package events_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// caller calls methods with arguments made up from their types.
type caller struct {
	inventor
	t    *testing.T
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
	name := typ.String() + "." + m.Name
	defer func() {
		if r := recover(); r != nil {
			c.t.Errorf("%s panicked: %v", name, r)
		}
	}()
	c.mu.Lock()
	c.seen[name] = true
	c.mu.Unlock()
	c.inventor.call(f)
}

// Every exported method, found by reflection, from many goroutines while
// sessions come and go: nothing races, panics or hangs.
func TestEveryMethod(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := &caller{inventor: inventor{below: rand.IntN, file: file}, t: t, seen: make(map[string]bool)}
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
	var announced atomic.Int32
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		announced.Add(1)
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
	// Whoever is quick may end each session before its requests arrive: then
	// there are more, which are left in peace until one of them is over.
	for i := 0; i < rounds || announced.Load() == 0; i++ {
		client, err := events.Connect(context.Background(), "http://example.org", events.ConnectOptions{
			SessionOptions:   events.SessionOptions{Logger: quiet},
			CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if i >= rounds {
			if st, err := client.Request(context.Background(), events.H()); err == nil {
				d := st.Blocking()
				d.Response()
				d.Close()
			}
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
