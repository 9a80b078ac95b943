package events_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"testing/fstest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// notCalled are methods a stress test can't call at random: those of whoever
// drives a session, and those documented to block for as long as others like.
var notCalled = map[string]string{
	"Receive": "driver", "ReceiveEOF": "driver", "Advance": "driver", "SwapOutput": "driver", "Gather": "driver", "SwapPieces": "driver", "Wrote": "driver",
	"OnWake": "driver", "TurnsGoOn": "driver",
	"Wait":     "blocks until the end",
	"Serve":    "blocks until the end",
	"Shutdown": "blocks until the end",
	"Listen":   "opens a port",
}

var texts = []string{"", "/", "x", "http://example.org", "https://a.example:8443/x", "GET", "bad\r\nvalue", "bad name", ":status", "content-type", `h2=":81"`}

// inventor makes up arguments from their types.
type inventor struct {
	below func(n int) int // a number from 0 to n-1
	file  *os.File
	// tidy has them made so that most calls succeed.
	tidy bool
	// inside, if not nil, is what runs a function that was made up.
	inside func(f func())
}

// call calls f with arguments made up.
func (c *inventor) call(f reflect.Value) []reflect.Value {
	if registers(f.Type()) {
		tidy := *c
		tidy.tidy = true
		c = &tidy
	}
	args := make([]reflect.Value, f.Type().NumIn())
	for i := range args {
		in := f.Type().In(i)
		if f.Type().IsVariadic() && i == len(args)-1 {
			args[i] = reflect.MakeSlice(in, 0, 0)
			if c.below(2) == 0 {
				args[i] = reflect.Append(args[i], c.value(in.Elem()))
			}
			return f.CallSlice(args)
		}
		args[i] = c.value(in)
	}
	return f.Call(args)
}

// registers reports whether f is a method that registers a function for an event,
// or Session.Do: that function must not be nil.
func registers(f reflect.Type) bool {
	return f.NumOut() == 1 && f.Out(0) == reflect.TypeFor[events.Listener]() || f == reflect.TypeFor[func(func())]()
}

// value makes up an argument.
func (c *inventor) value(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(context.Background())
	case reflect.TypeFor[error]():
		if c.below(2) == 0 {
			return reflect.Zero(t)
		}
		return reflect.ValueOf(errors.New("made up"))
	case reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Duration(c.below(3)-1) * time.Millisecond)
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Now().Add(time.Duration(c.below(5)) * time.Millisecond))
	case reflect.TypeFor[events.Headers]():
		if c.tidy {
			return reflect.ValueOf(events.H("x", "y"))
		}
		return reflect.ValueOf([]events.Headers{
			{}, events.Status(200), events.Status(103), events.Status(999), events.H(":path", "/", "x", "y"), events.H("bad name", "v"), events.H("te", "gzip"),
		}[c.below(7)])
	case reflect.TypeFor[core.ErrCode]():
		return reflect.ValueOf(core.ErrCode(c.below(14)))
	case reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(io.LimitReader(zeros{}, int64(c.below(100000))))
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
		if c.tidy {
			return reflect.ValueOf("x").Convert(t)
		}
		return reflect.ValueOf(texts[c.below(len(texts))]).Convert(t)
	case reflect.Bool:
		return reflect.ValueOf(c.below(2) == 0).Convert(t)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return reflect.ValueOf(c.below(1000) - 10).Convert(t)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return reflect.ValueOf(c.below(40)).Convert(t)
	case reflect.Slice:
		s := reflect.MakeSlice(t, 0, 3)
		for range c.below(4) {
			s = reflect.Append(s, c.value(t.Elem()))
		}
		return s
	case reflect.Func:
		if !c.tidy && c.below(10) == 0 {
			return reflect.Zero(t) // only a function that is optional may be nil
		}
		return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
			if c.inside != nil {
				c.inside(func() {})
			}
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
