package events_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
)

// A client that cancels its request is told to its handler in one way, whenever
// it does so, and whatever the handler is doing.
func TestCompatCanceled(t *testing.T) {
	type handler struct {
		req   *events.Request
		res   *events.Response
		ready chan bool // the client may cancel
		gone  chan bool // it has
	}
	cancel := func(h *handler) { close(h.ready); <-h.gone }
	blocking := func(req *events.Request) io.Reader {
		st, _ := req.Stream()
		return st.Blocking()
	}
	for name, x := range map[string]struct {
		body string // of which the client has sent the end
		read func(h *handler) error
	}{
		"while it reads": {"", func(h *handler) error {
			close(h.ready)
			_, err := io.ReadAll(h.req.Body())
			return err
		}},
		"before it reads": {"", func(h *handler) error {
			body := h.req.Body()
			cancel(h)
			_, err := io.ReadAll(body)
			return err
		}},
		"before it asks for the body": {"", func(h *handler) error {
			cancel(h)
			_, err := io.ReadAll(h.req.Body())
			return err
		}},
		"before it asks for the stream": {"", func(h *handler) error {
			cancel(h)
			_, err := io.ReadAll(blocking(h.req))
			return err
		}},
		"when the body is complete and unread": {"all of it", func(h *handler) error {
			body := h.req.Body()
			cancel(h)
			if _, err := io.ReadAll(body); !errors.Is(err, events.ErrStreamError) {
				t.Errorf("a body of which nothing could be read: %v", err)
			}
			_, err := body.Read(make([]byte, 1)) // and again
			return err
		}},
		"before it writes": {"", func(h *handler) error {
			w := h.res.Blocking()
			cancel(h)
			_, err := w.Write([]byte("x"))
			return err
		}},
		"while it writes": {"", func(h *handler) error {
			close(h.ready)
			_, err := h.res.Blocking().Write(make([]byte, 1<<20))
			return err
		}},
		"while it writes on the stream": {"", func(h *handler) error {
			close(h.ready)
			st, _ := h.req.Stream()
			st.Respond(events.Status(200))
			_, err := st.Blocking().Write(make([]byte, 1<<20))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ready, gone, got := make(chan bool), make(chan bool), make(chan error, 1)
				client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
					got <- x.read(&handler{req, res, ready, gone})
				})
				st, err := client.Request(t.Context(), events.H(":method", "POST"))
				if err != nil {
					t.Fatal(err)
				}
				if x.body != "" {
					st.EndString(x.body)
				} else {
					st.WriteString("half of it")
				}
				<-ready
				synctest.Wait()
				st.Close(events.Cancel)
				synctest.Wait()
				close(gone)
				var e *events.Error
				if err := <-got; !errors.As(err, &e) || e.Code != events.ErrStreamError.Code || e.HTTP2 != core.Cancel || !e.ByPeer {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// A request without a body has an empty one, whatever else became of it.
func TestCompatCanceledWithoutBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone, got := make(chan bool), make(chan error, 1)
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, _ *events.Response) {
			<-gone
			_, err := req.Body().Read(make([]byte, 1))
			got <- err
		})
		st, err := client.Request(t.Context(), events.H())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		st.Close(events.Cancel)
		synctest.Wait()
		close(gone)
		if err := <-got; err != io.EOF {
			t.Errorf("%v", err)
		}
	})
}
