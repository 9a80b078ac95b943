package events_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// Several responses of a session are made at the same time, of few names and
// values, so that most begin as the last one was, and some go on as it did. Each
// has the fields it was given, and no other's.
func TestResponsesInTheMaking(t *testing.T) {
	for seed := range uint64(200) {
		m := newMaking(t, rand.New(rand.NewPCG(seed, 7)))
		for range 300 {
			m.step()
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// making is a client and a server's responses that are not sent yet.
type making struct {
	t      *testing.T
	rnd    *rand.Rand
	client *events.ClientSession
	link   *mem.Link
	open   []*made
	last   []events.Field // what the last response had
	stream bool           // the next request is answered by the Core API
}

// made is a response and what it should have.
type made struct {
	res    *events.Response
	client *events.ClientStream
	status int
	fields []events.Field
	noDate bool
}

func newMaking(t *testing.T, rnd *rand.Rand) *making {
	m := &making{t: t, rnd: rnd}
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
		Now:                             m.now,
		StrictFieldWhitespaceValidation: events.Set(false),
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		if m.stream {
			st.Respond(events.H("a", " 1", "b", " 0"))
			st.EndString("x")
		}
	})
	srv.OnRequest(func(_ *events.Request, res *events.Response) {
		if !m.stream {
			m.open = append(m.open, &made{res: res, status: 200})
		}
	})
	m.client, m.link = linkTo(t, srv)
	return m
}

func (m *making) now() time.Time {
	if m.link == nil {
		return mem.Epoch
	}
	return m.link.Now()
}

func (m *making) step() {
	switch n := m.rnd.IntN(60); {
	case n == 0:
		m.link.RunFor(time.Second) // the date is another
	case n == 1:
		m.stream = true
		m.ask()
		m.stream = false
	case len(m.open) == 0, n < 9 && len(m.open) < 3:
		m.ask()
	default:
		m.change(m.rnd.IntN(len(m.open)))
	}
}

func (m *making) ask() {
	st, err := m.client.Request(m.t.Context(), events.Headers{})
	if err != nil {
		m.t.Fatal(err)
	}
	st.Resume()
	m.link.Settle()
	if !m.stream {
		m.open[len(m.open)-1].client = st
	}
}

func (m *making) change(at int) {
	r := m.open[at]
	name, value := string(rune('a'+m.rnd.IntN(3))), fmt.Sprint(m.rnd.IntN(2))
	if n := len(r.fields); n < len(m.last) && m.rnd.IntN(8) > 0 { // go on as it did
		name, value = m.last[n].Name, m.last[n].Value
	}
	has := func(f events.Field) bool { return f.Name == name }
	var err error
	switch m.rnd.IntN(18) {
	case 0:
		err = r.res.AppendHeader(name, value)
		r.fields = append(r.fields, events.Field{Name: name, Value: value})
	case 1:
		err = r.res.RemoveHeader(name)
		r.fields = slices.DeleteFunc(r.fields, has)
	case 2:
		r.status = 200 + m.rnd.IntN(2)
		err = r.res.SetStatusCode(r.status)
	case 3:
		r.noDate = !r.noDate
		r.res.SetSendDate(!r.noDate)
	case 4:
		if r.res.SetHeader(name, "\x01") == nil {
			m.t.Error("a control character passes")
		}
	case 5, 6:
		m.send(r)
		m.open = slices.Delete(m.open, at, at+1)
		return
	default:
		err = r.res.SetHeader(name, strings.Repeat(" ", m.rnd.IntN(2))+value)
		if i := slices.IndexFunc(r.fields, has); i >= 0 {
			r.fields[i].Value = value
			r.fields = append(r.fields[:i+1], slices.DeleteFunc(r.fields[i+1:], has)...)
		} else {
			r.fields = append(r.fields, events.Field{Name: name, Value: value})
		}
	}
	if err != nil {
		m.t.Error(err)
	}
	m.compare(r, "queued", r.res.GetHeaders().Fields(), r.fields)
	if st, _ := r.res.Stream(); st.SentHeaders().Len() > 0 {
		m.t.Errorf("%v were sent", st.SentHeaders())
	}
}

// send ends a response, in a turn and with a body or not.
func (m *making) send(r *made) {
	end := func() {
		if m.rnd.IntN(2) == 0 {
			r.res.End(nil)
		} else {
			r.res.EndString("body")
		}
	}
	if st, _ := r.res.Stream(); m.rnd.IntN(2) == 0 {
		st.Session().Do(end)
	} else {
		end()
	}
	m.link.Settle()
	m.last = slices.Clone(r.fields)
	want := append([]events.Field{{Name: ":status", Value: fmt.Sprint(r.status)}}, r.fields...)
	if !r.noDate {
		want = append(want, events.Field{Name: "date", Value: m.link.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")})
	}
	st, _ := r.res.Stream()
	m.compare(r, "sent", st.SentHeaders().Fields(), want)
	got, ok := r.client.Response()
	if !ok {
		m.t.Error("no response came")
	}
	m.compare(r, "received", got.Fields(), want)
}

func (m *making) compare(r *made, what string, got, want []events.Field) {
	m.t.Helper()
	if !slices.Equal(got, want) {
		m.t.Errorf("%s %v, want %v", what, got, want)
	}
}
