package events_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// AC-093: inside each event of sessions, streams, requests and responses, each
// method of what is at hand, in both roles. Nothing panics or hangs, no callback
// runs inside another, all streams and both sessions close once, and nothing is
// kept.
func TestReentry(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("file"); err != nil {
		t.Fatal(err)
	}

	// A deadlock would stop this goroutine for good.
	var at atomic.Pointer[string]
	watchdog := time.AfterFunc(2*time.Minute, func() { panic("it hangs: " + *at.Load()) })
	defer watchdog.Stop()

	scenes := scenesOf(t, file)
	cases, missed := 0, 0
	for _, side := range []string{"client", "server"} {
		for _, name := range eventsOf(side) {
			scene, ok := scenes[side+" "+name]
			if !ok {
				t.Errorf("%s: no scene has a %s", side, name)
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				for i, c := range callsIn(side, scene.compat) {
					for _, bare := range []bool{false, true} {
						if testing.Short() && bare != (i%2 == 0) {
							continue
						}
						r := &reentry{file: file, side: side, event: name, call: c, bare: bare}
						title := fmt.Sprintf("%s %s, bare=%t: %s", side, name, bare, c.name)
						at.Store(&title)
						cases++
						for _, problem := range r.run(scene) {
							t.Errorf("%s: %s", title, problem)
						}
						if !r.called && !bare {
							t.Errorf("%s: it did not happen", title)
						}
						if !r.called {
							missed++
						}
					}
				}
			})
		}
	}
	t.Logf("%d cases, %d of which were none", cases, missed)
	if cases-missed < 10_000 && !testing.Short() {
		t.Errorf("only %d cases: something is not found any more", cases-missed)
	}
}

// scenesOf finds, for each side and event, the first scene in which it happens.
func scenesOf(t *testing.T, file *os.File) map[string]*reentryScene {
	found := make(map[string]*reentryScene)
	synctest.Test(t, func(t *testing.T) {
		for i := range reentryScenes {
			scene := &reentryScenes[i]
			r := &reentry{file: file}
			for _, problem := range r.run(scene) {
				t.Errorf("scene %s alone: %s", scene.name, problem)
			}
			for key := range r.fired {
				if found[key] == nil {
					found[key] = scene
				}
			}
		}
	})
	return found
}

// roles are the types that have events, by side.
var roles = map[string][]reflect.Type{
	"client": {reflect.TypeFor[*events.ClientSession](), reflect.TypeFor[*events.ClientStream]()},
	"server": {
		reflect.TypeFor[*events.ServerSession](), reflect.TypeFor[*events.ServerStream](),
		reflect.TypeFor[*events.Request](), reflect.TypeFor[*events.Response](),
	},
}

// listening is a method that registers a function for an event.
type listening struct {
	name   string // of the event: "ServerStream.OnData"
	method int
	f      reflect.Type
	closes bool // it is the last event of what has it
}

// listenings are those of each type in roles.
var listenings = func() map[reflect.Type][]listening {
	all := make(map[reflect.Type][]listening)
	for _, types := range roles {
		for _, typ := range types {
			for i := range typ.NumMethod() {
				m := typ.Method(i)
				if strings.HasPrefix(m.Name, "On") && notCalled[m.Name] == "" {
					all[typ] = append(all[typ], listening{methodName(typ, m.Name), i, m.Type.In(1), m.Name == "OnClose"})
				}
			}
		}
	}
	return all
}()

// eventsOf names the events of a side.
func eventsOf(side string) (list []string) {
	for _, typ := range roles[side] {
		for _, l := range listenings[typ] {
			list = append(list, l.name)
		}
	}
	return list
}

func methodName(typ reflect.Type, method string) string {
	return strings.TrimPrefix(typ.String(), "*events.") + "." + method
}

// reentry is one case: a scene in which a call is made from an event.
type reentry struct {
	file  *os.File
	side  string // whose event
	event string
	call  reentryCall
	bare  bool // nobody listens for anything else

	link   *mem.Link
	srv    *events.Server
	client *events.ClientSession
	server *events.ServerSession
	world  *reentryWorld

	mu       sync.Mutex
	inside   map[string]int // callbacks that run now, by side
	where    map[string]string
	closed   map[any]int // of streams, sessions, requests
	fired    map[string]bool
	streams  map[string][]any // by side, in their order
	called   bool
	problems []string
}

func (r *reentry) problem(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.problems) < 5 {
		r.problems = append(r.problems, fmt.Sprintf(format, args...))
	}
}

// run plays the scene and reports what went wrong.
func (r *reentry) run(scene *reentryScene) []string {
	r.inside, r.where = make(map[string]int), make(map[string]string)
	r.closed, r.fired = make(map[any]int), make(map[string]bool)
	r.streams = make(map[string][]any)
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("%s in %s, %s: %v", r.call.name, r.event, scene.name, p))
		}
	}()
	r.build(scene)
	scene.play(r.world)
	synctest.Wait()
	r.end()
	return r.problems
}

func (r *reentry) build(scene *reentryScene) {
	opts := events.SessionOptions{
		Logger:        slog.New(slog.DiscardHandler),
		HighWaterMark: 1000,
		SessionLimits: events.SessionLimits{MaxSendHeaderBlockLength: 4000},
	}
	base := "http://example.org"
	serving := opts
	if scene.secure {
		base, serving.Transport = "https://example.org", core.TransportEncrypted
	}
	var err error
	must := func() {
		if err != nil {
			panic(err)
		}
	}
	r.srv, err = events.CreateServer(events.ServerOptions{SessionOptions: serving})
	must()
	r.client, err = events.NewClientSession(mem.Epoch, base, opts)
	must()
	r.server, err = r.srv.NewSession(mem.Epoch)
	must()
	r.link = mem.NewLink(r.client, r.server, mem.Options{Latency: 10 * time.Millisecond})
	r.world = &reentryWorld{r: r, link: r.link, client: r.client, server: r.server, srv: r.srv}
	r.hook("client", r.client)
	r.hook("server", r.server)
	r.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) { r.stream("client", st) })
	r.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { r.stream("server", st) })
	if scene.compat {
		r.srv.OnRequest(func(req *events.Request, res *events.Response) {
			st, _ := req.Stream()
			r.stream("server", st)
			r.hook("server", req)
			r.hook("server", res)
			r.world.req, r.world.res = req, res
		})
	}
}

// stream has a new stream's events looked after.
func (r *reentry) stream(side string, st any) {
	r.mu.Lock()
	known := slices.Contains(r.streams[side], st)
	if !known {
		r.streams[side] = append(r.streams[side], st)
	}
	r.mu.Unlock()
	if !known {
		r.hook(side, st)
	}
}

// hook listens for the events of v: all of them, or in a bare scene only the
// one in question. Sessions always have their close event counted.
func (r *reentry) hook(side string, v any) {
	val := reflect.ValueOf(v)
	_, isSession := v.(session)
	for _, l := range listenings[val.Type()] {
		if r.bare && l.name != r.event && !(isSession && l.closes) {
			continue
		}
		f := reflect.MakeFunc(l.f, func(args []reflect.Value) []reflect.Value {
			r.happened(side, l, v, args)
			return nil
		})
		val.Method(l.method).Call([]reflect.Value{f})
	}
}

// happened is called for each event that is listened for.
func (r *reentry) happened(side string, l listening, v any, args []reflect.Value) {
	name := l.name
	leave := r.enter(side, name)
	defer leave()
	r.mu.Lock()
	r.fired[side+" "+name] = true
	over := r.closed[v] > 0
	if l.closes {
		r.closed[v]++
	}
	mine := side == r.side && name == r.event && !r.called
	r.called = r.called || mine
	r.mu.Unlock()
	if over && name != "Response.OnFinish" { // as in Node
		r.problem("%s after close", name)
	}
	if mine {
		r.call.do(r, r.around(v, args))
	}
}

// enter notes that a callback of a side's session begins; the result, that it
// has ended.
func (r *reentry) enter(side, name string) func() {
	r.mu.Lock()
	before, where := r.inside[side], r.where[side]
	r.inside[side]++
	r.where[side] = name
	r.mu.Unlock()
	if before > 0 {
		r.problem("%s runs inside %s", name, where)
	}
	return func() {
		r.mu.Lock()
		r.inside[side]--
		r.where[side] = where
		r.mu.Unlock()
	}
}

// around finds what is at hand in an event of v.
func (r *reentry) around(v any, args []reflect.Value) *atHand {
	h := &atHand{side: r.side, session: r.client, other: r.server}
	if r.side == "server" {
		h.session, h.other = r.server, r.client
		h.req, h.res = r.world.req, r.world.res
	}
	r.mu.Lock()
	list := r.streams[r.side]
	r.mu.Unlock()
	if slices.Contains(list, v) {
		h.stream = v
	} else if len(args) > 0 && slices.Contains([]string{"*events.ClientStream", "*events.ServerStream"}, args[0].Type().String()) {
		h.stream = args[0].Interface()
		r.stream(r.side, h.stream)
	} else if h.req != nil {
		h.stream, _ = h.req.Stream()
	} else if len(list) > 0 {
		h.stream = list[0]
	}
	for _, st := range list {
		if st != h.stream {
			h.another = st
			break
		}
	}
	return h
}

// inventor makes up arguments for the case. What is made up is the same each
// time.
func (r *reentry) inventor(side string) *inventor {
	rnd := rand.New(rand.NewPCG(uint64(len(r.event)), uint64(len(r.call.name))))
	return &inventor{below: rnd.IntN, file: r.file, tidy: true, inside: func(f func()) {
		leave := r.enter(side, "a function given to "+r.call.name)
		defer leave()
		f()
	}}
}

// end ends the world in order, and if that is not enough, at once; then it looks
// at what is left.
func (r *reentry) end() {
	r.client.Close()
	r.server.Close()
	r.link.RunFor(100 * time.Millisecond)
	r.client.Destroy(nil, core.NoError)
	r.server.Destroy(nil, core.NoError)
	r.link.RunFor(10 * time.Second)
	synctest.Wait()
	for side, s := range map[string]*events.Session{"client": &r.client.Session, "server": &r.server.Session} {
		if said, counted := events.Accounts(s); said != [4]int{} || counted != [4]int{} {
			r.problem("in the end the %s keeps %v, it says %v", side, counted, said)
		}
		for _, st := range r.streams[side] {
			if n := r.closed[st]; !r.bare && n != 1 {
				r.problem("%v of the %s closed %d times", st, side, n)
			}
		}
	}
	for _, s := range []any{r.client, r.server} {
		if n := r.closed[s]; n != 1 {
			r.problem("%T closed %d times", s, n)
		}
	}
}

// given checks an error that a call returned.
func (r *reentry) given(err error) {
	var e *events.Error
	if err != nil && !errors.As(err, &e) {
		r.problem("an error that is no *events.Error: %T %v", err, err)
	}
}
