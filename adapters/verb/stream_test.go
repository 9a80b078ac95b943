package verb

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
)

// A middleware that listens to what becomes of the streams.
func TestStreamEvents(t *testing.T) {
	app := newApp().WithOptions(Options{HTTP2: HTTP2Options{MaxSendHeaderBlockLength: 500}})
	seen := make(chan string, 10)
	app.Use(func(req *Request, _ *Response, next Next) {
		st, _ := req.Stream()
		st.OnError(func(err error) { seen <- "error " + ErrorCode(err) })
		st.OnFrameError(func(frameType uint8, code core.ErrCode, id events.StreamID) {
			seen <- fmt.Sprint("frameError ", frameType, " ", code, " ", id)
		})
		st.OnClose(func() { seen <- "close" })
		next()
	})
	app.Post("/", func(req *Request, res *Response) error {
		seen <- "begun"
		<-req.Context().Done()
		return req.Context().Err()
	})
	app.Get("/long", func(_ *Request, res *Response) error {
		return res.Header("x-long", strings.Repeat("x", 1000)).Text("never sent")
	})
	c := dial(t, app)
	is := func(want ...string) {
		t.Helper()
		for _, want := range want {
			if got := <-seen; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	st, err := c.Request(t.Context(), events.H(":method", "POST"))
	if err != nil {
		t.Fatal(err)
	}
	st.OnError(func(error) {})
	is("begun")
	st.Close(core.InternalError)
	is("error ERR_HTTP2_STREAM_ERROR", "close")
	covers(t, "verb.req.stream.event.error")
	if a := c.get("/long"); a.err == nil {
		t.Error("a header block that is too long was sent:", a)
	}
	is("frameError 1 FRAME_SIZE_ERROR 3", "error ERR_HTTP2_STREAM_ERROR", "close")
	covers(t, "verb.req.stream.event.frameError")
}

// The timeout is that of the clock, which here is virtual.
func TestStreamTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp()
		app.Get("/", func(req *Request, res *Response) error {
			begun, expired := time.Now(), make(chan time.Duration, 1)
			st, _ := req.Stream()
			st.OnTimeout(func() { expired <- time.Since(begun) })
			if err := st.SetTimeout(3*time.Second, nil); err != nil {
				return err
			}
			return res.Status(504).Text(fmt.Sprint(<-expired))
		})
		server, err := app.Server()
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, app)
		c.get("/").is(t, 504, "3s")
		covers(t, "verb.req.stream.event.timeout")
		c.Destroy(nil, core.NoError)
		server.DestroyAll()
		server.Wait()
	})
}

// Flow control without a goroutine that waits: write until told to wait, and go
// on at the drain event.
func TestDrain(t *testing.T) {
	app := newApp()
	drained := make(chan int, 100)
	app.Get("/", func(req *Request, res *Response) error {
		st, _ := req.Stream()
		piece, pieces := []byte(strings.Repeat("x", 16<<10)), 40
		done := make(chan error, 1)
		pump := func() {
			for pieces > 0 {
				pieces--
				ready, err := st.Write(piece)
				if err != nil {
					done <- err
					return
				}
				if !ready {
					return
				}
			}
			done <- nil
		}
		st.OnDrain(func() { drained <- pieces; pump() })
		st.Session().Do(pump) // from now on in turns of the connection
		select {
		case err := <-done:
			return err
		case <-req.Context().Done():
			return nil
		}
	})
	c := dial(t, app)
	if a := c.get("/"); a.err != nil || len(a.body) != 40*16<<10 {
		t.Error(len(a.body), a.err)
	}
	if len(drained) < 3 {
		t.Error(len(drained), "drain events for ten times the high-water mark")
	}
	covers(t, "verb.req.stream.event.drain")
}

// The sample's table of what is being served.
func TestStreamTracking(t *testing.T) {
	type entry struct {
		method, url string
		since       time.Time
	}
	var (
		mu     sync.Mutex
		active = make(map[events.StreamID]entry)
	)
	gone := make(chan time.Duration, 1)
	app := newApp()
	app.Use(func(req *Request, _ *Response, next Next) {
		if st, ok := req.Stream(); ok {
			e := entry{req.Method(), req.URL(), time.Now()}
			mu.Lock()
			active[st.ID()] = e
			mu.Unlock()
			st.OnClose(func() {
				mu.Lock()
				delete(active, st.ID())
				mu.Unlock()
				gone <- time.Since(e.since)
			})
		}
		next()
	})
	app.Get("/stats", func(_ *Request, res *Response) error {
		mu.Lock()
		defer mu.Unlock()
		return res.Text(fmt.Sprint(len(active), active[1].method, active[1].url))
	})
	dial(t, app).get("/stats").is(t, 200, "1GET/stats")
	if d := <-gone; d < 0 || len(active) != 0 {
		t.Error("forgotten when it closes:", d, active)
	}
	covers(t, "rule.verb.stream-tracking")
}

func TestNotWritable(t *testing.T) {
	app := newApp()
	app.Use(func(req *Request, res *Response, next Next) {
		if st, ok := req.Stream(); ok && !st.Writable() {
			next(&Error{Status: 503})
			return
		}
		next()
	})
	app.Get("/", says("ok"))
	c := dial(t, app)
	c.get("/").is(t, 200, "ok")
	if a := c.do("HEAD", "/", ""); a.status != 503 { // there is nothing to write to
		t.Error(a)
	}
	covers(t, "rule.verb.stream-not-writable-503")
}

func TestWeights(t *testing.T) {
	app := newApp()
	app.Get("/:weight", func(req *Request, res *Response) error {
		weight := 256
		if req.Param("weight") == "low" {
			weight = 1
		}
		st, _ := req.Stream()
		if err := st.Priority(events.PriorityOptions{Weight: weight, Parent: 0, Silent: true}); err != nil {
			return err
		}
		return res.Text(fmt.Sprint(st.State().Weight))
	})
	c := dial(t, app)
	c.get("/high").is(t, 200, "256")
	c.get("/low").is(t, 200, "1")
	covers(t, "rule.verb.weight-extremes")
}

// What nobody can be told is not told: neither error middlewares that look, nor
// the default, answer or log.
func TestClientGone(t *testing.T) {
	var log lockedBuffer
	app := newApp().WithOptions(Options{Logger: log.logger()})
	begun, codes := make(chan bool), make(chan string, 1)
	app.Post("/", func(req *Request, _ *Response) error {
		begun <- true
		_, err := io.ReadAll(req.Body())
		return err
	})
	app.Get("/invalid", func(req *Request, res *Response) error {
		return fmt.Errorf("elsewhere: %w", events.ErrInvalidStream)
	})
	app.Get("/proxy", func(*Request, *Response) error { return fmt.Errorf("behind: %w", events.ErrGoAwaySession) })
	app.UseError(func(err error, req *Request, _ *Response, next Next) {
		if req.Method() == "POST" {
			codes <- ErrorCode(err)
		}
		next(err)
	})
	c := dial(t, app)
	c.get("/invalid").is(t, 400, "Bad Request")
	covers(t, "rule.verb.error-invalid-stream-400")
	c.get("/proxy").is(t, 500, "Internal Server Error") // this client is still there
	log.take()
	post := func() *events.ClientStream {
		st, err := c.Request(t.Context(), events.H(":method", "POST"))
		if err != nil {
			t.Fatal(err)
		}
		st.OnError(func(error) {})
		<-begun
		return st
	}
	post().Close(core.Cancel)
	if code := <-codes; code != events.ErrStreamCancel.Code {
		t.Error(code)
	}
	covers(t, "rule.verb.error-cancel-silent", "error.ERR_HTTP2_STREAM_CANCEL")
	post()
	c.OnError(func(error) {})
	c.Destroy(nil, core.EnhanceYourCalm)
	if code := <-codes; code != events.ErrGoAwaySession.Code {
		t.Error(code)
	}
	covers(t, "rule.verb.error-goaway-silent")
	server, _ := app.Server()
	server.DestroyAll()
	server.Wait()
	if s := log.take(); s != "" {
		t.Error("logged:", s)
	}
}
