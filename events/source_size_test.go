package events_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"weft/events"
)

// closedReader notes that it was closed.
type closedReader struct {
	io.Reader
	closed bool
}

func (c *closedReader) Close() error { c.closed = true; return nil }

// A size that means nothing is an error, and the source is closed all the same. So
// is a source that is none.
func TestSendFromSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sources [2]closedReader
		_, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, _ events.Headers) {
			if err := st.SendFrom(&sources[0], -2); !errors.Is(err, events.ErrOutOfRange) {
				t.Error(err)
			}
			if err := st.SendFrom(nil, 1); !errors.Is(err, events.ErrInvalidArg) {
				t.Error("from nil:", err)
			}
			if err := st.RespondWithFS(nil, "x", events.Headers{}); !errors.Is(err, events.ErrInvalidArg) {
				t.Error("from no file system:", err)
			}
			st.EndString("stream")
		})
		compat := blockingPair(t, events.ServerOptions{}, func(_ *events.Request, res *events.Response) {
			if err := res.SendFrom(&sources[1], -2); !errors.Is(err, events.ErrOutOfRange) {
				t.Error(err)
			}
			if err := res.SendFrom(nil, 1); !errors.Is(err, events.ErrInvalidArg) {
				t.Error("from nil:", err)
			}
			res.EndString("response")
		})
		for want, session := range map[string]*events.ClientSession{"stream": client, "response": compat} {
			d := request(t, session, events.Headers{})
			if b, err := io.ReadAll(d); string(b) != want || err != nil {
				t.Errorf("%q, %v, want %q", b, err, want)
			}
			d.Close()
		}
		synctest.Wait()
		for i := range sources {
			if !sources[i].closed {
				t.Errorf("source %d was not closed", i)
			}
		}
	})
}
