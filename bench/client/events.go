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
	plan   *plan
	active int
	tally  tally
	bulk   int
}

func newEventsClient(o *options) *eventsClient {
	return &eventsClient{o: o, fields: newFields(o), ready: make(chan error, 1), ended: make(chan error, 1), bulk: o.bulk}
}

func (ec *eventsClient) connect(ctx context.Context) (err error) {
	opts := events.ConnectOptions{TLS: &gotls.Config{InsecureSkipVerify: true}}
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
			ec.next(time.Now())
		}
		ec.finish()
	})
	return <-ec.ended
}

func (ec *eventsClient) request(fields []core.Field) (*events.ClientStream, error) {
	pairs := make([]string, 0, 24)
	for _, f := range fields {
		pairs = append(pairs, f.Name, f.Value)
	}
	return ec.session.Request(context.Background(), events.H(pairs...))
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

func (ec *eventsClient) next(now time.Time) {
	i, ok := ec.plan.next(now)
	if !ok {
		return
	}
	st, err := ec.request(ec.fields.of(i))
	if err != nil {
		ec.tally.failed++
		return
	}
	ec.active++
	fine := false
	st.OnResponse(func(h events.Headers, _ events.Flags) { fine = h.Status() == 200 })
	st.OnData(func(p []byte) { ec.tally.bytes += int64(len(p)) })
	st.OnError(func(error) { fine = false })
	st.OnClose(func() {
		at := time.Now()
		if !fine || !st.Complete() {
			ec.tally.failed++
		}
		ec.tally.latencies = append(ec.tally.latencies, at.Sub(now))
		ec.active--
		ec.next(at)
		ec.finish()
	})
	if ec.o.upload > 0 {
		st.SendFrom(&zeroReader{ec.o.upload}, ec.o.upload)
	}
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
