package events_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"weft/events"
)

// A listener that is nil is refused where it is registered, by the name of the
// method, so that it can be found: when it is called nobody knows whose it is.
func TestNilListeners(t *testing.T) {
	n := 0
	for _, v := range []any{
		new(events.Server), new(events.ServerSession), new(events.ClientSession), new(events.ServerStream), new(events.ClientStream),
		new(events.Session), new(events.Stream), new(events.Request), new(events.Response), new(events.StreamSocket),
	} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			if !strings.HasPrefix(m.Name, "On") {
				continue
			}
			n++
			name := typ.Elem().Name() + "." + m.Name
			// What a session or a stream of a role has from those of both is named so.
			common := strings.TrimPrefix(strings.TrimPrefix(name, "Server"), "Client")
			err := panicOf(func() { reflect.ValueOf(v).Method(i).Call([]reflect.Value{reflect.Zero(m.Type.In(1))}) })
			switch {
			case !errors.Is(err, events.ErrInvalidArgType):
				t.Errorf("%s(nil): %v", name, err)
			case !strings.Contains(err.Error(), " "+name+" ") && !strings.Contains(err.Error(), " "+common+" "):
				t.Errorf("%s(nil) says: %v", name, err)
			}
		}
	}
	if n < 58 {
		t.Errorf("only %d methods were called", n)
	}
}

// What is to be called must not be nil either: it panics where the mistake is, and
// not in a turn, for which a session would have to answer.
func TestNilFunctions(t *testing.T) {
	none := func(*events.Request, *events.Response) {}
	for what, f := range map[string]func(){
		"Session.Do":             func() { new(events.ClientSession).Do(nil) },
		"Pipe":                   func() { new(events.ServerStream).Pipe(nil) },
		"InGoroutine":            func() { events.InGoroutine(nil) },
		"ByVersion":              func() { events.ByVersion(none, nil) },
		"Wrap":                   func() { events.Wrap[int, int](nil, nil, nil) },
		"Retry":                  func() { events.Retry(t.Context(), events.Backoff{}, nil) },
		"NewPerformanceObserver": func() { events.NewPerformanceObserver(nil) },
	} {
		if err := panicOf(f); !errors.Is(err, events.ErrInvalidArgType) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// panicOf returns the error with which f panics, nil if it does not.
func panicOf(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err, _ = r.(error)
		}
	}()
	f()
	return nil
}
