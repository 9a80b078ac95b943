package main

import (
	"context"
	"errors"
	"time"

	"weft/core"
	"weft/transport"
)

// coreClient is a connection on package core alone.
type coreClient struct {
	o       *options
	fields  *fields
	driver  *transport.Driver
	conn    *core.Conn
	started chan error // of the connection: the peer's settings came, or what went wrong
	ended   chan error // of the plan

	// What follows is touched within turns, and by Do.
	plan    *plan
	streams map[core.StreamID]*coreStream
	active  int // of the plan's requests
	tally   tally
	bulk    int // downloads to begin
	over    error
}

// coreStream is a request under way.
type coreStream struct {
	begun   time.Time
	left    int64 // to upload
	counted bool  // it is one of the plan's
	ok      bool  // the response has status 200
	bulk    bool
	held    bool
}

func newCoreClient(o *options) *coreClient {
	return &coreClient{
		o: o, fields: newFields(o),
		started: make(chan error, 1), ended: make(chan error, 1),
		streams: make(map[core.StreamID]*coreStream), bulk: o.bulk,
	}
}

func (cc *coreClient) connect(ctx context.Context) error {
	carrier, err := dial(ctx, cc.o)
	if err != nil {
		return err
	}
	cfg := core.Config{ReportedWrites: true, IndexCredentials: true}
	if cc.o.window > 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingInitialWindowSize, Value: uint32(cc.o.window)})
		cfg.ConnWindow = 4 * cc.o.window
	}
	if cc.o.table >= 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingHeaderTableSize, Value: uint32(cc.o.table)})
		cfg.EncoderTable = cc.o.table
		if cc.o.table == 0 {
			cfg.EncoderTable = core.NoTable
		}
	}
	if cc.conn, err = core.NewClient(time.Now(), cfg); err != nil {
		return err
	}
	cc.driver = transport.Drive(cc.conn, cc.handle)
	go transport.Run(ctx, carrier, cc.driver, transport.Options{})
	return <-cc.started
}

func (cc *coreClient) run(p *plan) error {
	cc.driver.Do(func(now time.Time, c *core.Conn) {
		cc.plan = p
		for ; cc.bulk > 0; cc.bulk-- {
			cc.open(now, cc.fields.download(), &coreStream{bulk: true})
		}
		for range cc.o.m {
			cc.next(now)
		}
		cc.finish()
	})
	return <-cc.ended
}

// next opens the plan's next request, if there is one.
func (cc *coreClient) next(now time.Time) {
	i, ok := cc.plan.next(now)
	if !ok || cc.over != nil {
		return
	}
	cc.active++
	cc.open(now, cc.fields.of(i), &coreStream{begun: now, counted: true, left: cc.o.upload})
}

func (cc *coreClient) open(now time.Time, fields []core.Field, st *coreStream) {
	id, err := cc.conn.Open(now, fields, st.left == 0 && !st.held)
	if err != nil {
		cc.fail(err)
		return
	}
	cc.streams[id] = st
	cc.send(now, id, st)
}

func (cc *coreClient) send(now time.Time, id core.StreamID, st *coreStream) {
	for st.left > 0 {
		p := zeros[:min(st.left, int64(len(zeros)))]
		n, err := cc.conn.Send(now, id, p, int64(len(p)) == st.left && !st.held)
		st.left -= int64(n)
		if err != nil || n < len(p) {
			return // the stream is over, or Writable goes on
		}
	}
}

func (cc *coreClient) handle(now time.Time, ev core.Event) {
	switch ev := ev.(type) {
	case *core.SettingsReceived:
		cc.settle(now)
	case *core.HeadersReceived:
		if st := cc.streams[ev.Stream]; st != nil {
			st.ok = st.ok || ev.Status == 200
			if ev.EndStream {
				cc.end(now, ev.Stream, st)
			}
		}
	case *core.DataReceived:
		cc.conn.Consume(ev.Stream, len(ev.Data))
		if st := cc.streams[ev.Stream]; st != nil {
			if st.counted {
				cc.tally.bytes += int64(len(ev.Data))
			}
			if ev.EndStream {
				cc.end(now, ev.Stream, st)
			}
		}
	case *core.Writable:
		if st := cc.streams[ev.Stream]; st != nil {
			cc.send(now, ev.Stream, st)
		}
	case *core.StreamReset:
		if st := cc.streams[ev.Stream]; st != nil {
			st.ok = false
			cc.end(now, ev.Stream, st)
		}
	case *core.ConnClosed:
		cc.fail(errors.New(ev.String()))
	}
}

// settle begins what is to be held, once the peer's settings are known.
func (cc *coreClient) settle(now time.Time) {
	select {
	case cc.started <- nil:
	default:
		return // its second settings
	}
	for range cc.o.hold {
		cc.open(now, cc.fields.post(), &coreStream{held: true, left: int64(cc.o.held)})
	}
}

// end counts a request and has the next one follow.
func (cc *coreClient) end(now time.Time, id core.StreamID, st *coreStream) {
	delete(cc.streams, id)
	switch {
	case st.held:
		cc.fail(errors.New("an upload that was to be held has ended"))
	case st.bulk && !st.ok:
		cc.fail(errors.New("a download beside the requests failed"))
	case st.bulk:
		cc.open(now, cc.fields.download(), &coreStream{bulk: true})
	case st.counted:
		if !st.ok {
			cc.tally.failed++
		}
		cc.tally.latencies = append(cc.tally.latencies, now.Sub(st.begun))
		cc.active--
		cc.next(now)
		cc.finish()
	}
}

// finish ends the plan's part here when the last request has ended.
func (cc *coreClient) finish() {
	if cc.active == 0 && cc.plan != nil && cc.over == nil {
		cc.plan.add(&cc.tally)
		cc.plan = nil
		cc.ended <- nil
	}
}

// fail tells whoever waits that the connection is of no use any more.
func (cc *coreClient) fail(err error) {
	if cc.over != nil {
		return
	}
	cc.over = err
	select {
	case cc.started <- err:
	default:
	}
	select {
	case cc.ended <- err:
	default:
	}
}
