package main

import (
	"context"
	gotls "crypto/tls"
	"io"
	"time"

	"weft/core"
	"weft/events"
)

// eventsClient is a session of package events.
type eventsClient struct {
	o       *options
	fields  *fields
	session *events.ClientSession
	ready   chan error // the server's settings came, or what went wrong
	ended   chan error // of the plan

	// What follows is touched within turns.
	plan    *plan
	active  int
	tally   tally
	bulk    int
	headers events.Headers // of the last request
}

func newEventsClient(o *options) *eventsClient {
	return &eventsClient{o: o, fields: newFields(o), ready: make(chan error, 1), ended: make(chan error, 1), bulk: o.bulk}
}

func (ec *eventsClient) connect(ctx context.Context) (err error) {
	var opts events.ConnectOptions
	if ec.o.secure {
		opts.TLS = &gotls.Config{InsecureSkipVerify: true}
	}
	opts.IndexCredentials = true
	if ec.o.window > 0 {
		opts.Settings.InitialWindowSize = events.Set(uint32(ec.o.window))
		opts.WindowSize = 4 * ec.o.window
	}
	if ec.o.table >= 0 {
		opts.Settings.HeaderTableSize = events.Set(uint32(ec.o.table))
		opts.MaxDeflateDynamicTableSize = events.Set(uint32(ec.o.table))
	}
	if ec.session, err = events.Connect(ctx, ec.o.url, opts); err != nil {
		return err
	}
	ec.session.Do(func() {
		ec.session.OnError(ec.end)
		ec.session.OnClose(func() { ec.end(io.ErrUnexpectedEOF) })
		ec.session.OnRemoteSettings(func(events.Settings) {
			select {
			case ec.ready <- nil:
			default:
				return // not its first settings
			}
			for range ec.o.hold {
				st, err := ec.request(ec.fields.post())
				if err != nil {
					ec.end(err)
					return
				}
				st.Write(zeros[:min(ec.o.held, len(zeros))])
			}
		})
	})
	return <-ec.ready
}

// end tells whoever waits that the connection is of no use any more.
func (ec *eventsClient) end(err error) {
	for _, c := range []chan error{ec.ready, ec.ended} {
		select {
		case c <- err:
		default:
		}
	}
}

func (ec *eventsClient) run(p *plan) error {
	ec.session.Do(func() {
		ec.plan = p
		for ; ec.bulk > 0; ec.bulk-- {
			ec.download()
		}
		for range ec.o.m {
			newPlace(ec).next(time.Now())
		}
		ec.finish()
	})
	return <-ec.ended
}

func (ec *eventsClient) request(fields []core.Field) (*events.ClientStream, error) {
	return ec.session.Request(context.Background(), events.HeadersOf(fields...))
}

func (ec *eventsClient) download() {
	st, err := ec.request(ec.fields.download())
	if err != nil {
		ec.end(err)
		return
	}
	st.OnData(func([]byte) {})
	st.OnError(ec.end)
	st.OnEnd(ec.download)
}

// place is one of the m requests under way: when one has ended, the next takes
// its place.
type place struct {
	ec      *eventsClient
	st      *events.ClientStream
	begun   time.Time
	receive func([]byte) // the listeners, made once
	end     func()
}

func newPlace(ec *eventsClient) *place {
	p := &place{ec: ec}
	p.receive, p.end = p.received, p.ended
	return p
}

// next makes the plan's next request, if there is one.
func (p *place) next(now time.Time) {
	ec := p.ec
	i, ok := ec.plan.next(now)
	if !ok {
		return
	}
	st, err := ec.session.Request(context.Background(), ec.headersOf(i))
	if err != nil {
		ec.tally.failed++
		return
	}
	ec.active++
	p.st, p.begun = st, now
	st.OnData(p.receive)
	st.OnClose(p.end)
	if ec.o.upload > 0 {
		st.SendFrom(&zeroReader{ec.o.upload}, ec.o.upload)
	}
}

// headersOf returns the headers of request i: the same ones if they are always
// the same.
func (ec *eventsClient) headersOf(i int64) events.Headers {
	if ec.headers.Len() == 0 || ec.fields.change() {
		ec.headers = events.HeadersOf(ec.fields.of(i)...)
	}
	return ec.headers
}

func (p *place) received(b []byte) { p.ec.tally.bytes += int64(len(b)) }

// ended counts the request and has the next one follow.
func (p *place) ended() {
	now := time.Now()
	ec := p.ec
	if h, _ := p.st.Response(); h.Status() != 200 || !p.st.Complete() {
		ec.tally.failed++
	}
	ec.tally.latencies = append(ec.tally.latencies, now.Sub(p.begun))
	ec.active--
	p.next(now)
	ec.finish()
}

func (ec *eventsClient) finish() {
	if ec.active == 0 && ec.plan != nil {
		ec.plan.add(&ec.tally)
		ec.plan = nil
		ec.ended <- nil
	}
}

// zeroReader reads left zeros.
type zeroReader struct{ left int64 }

func (r *zeroReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), r.left)
	clear(p[:n])
	r.left -= n
	return int(n), nil
}
