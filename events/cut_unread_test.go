package events_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
)

// A body that has come, and was dropped before its reader had read it, does not
// look complete, whoever has ended the stream or its session.
func TestCompatEndedUnread(t *testing.T) {
	const sent = "all of the body"
	ofServer := func(req *events.Request) *events.ServerStream {
		st, _ := req.Stream()
		return st
	}
	for name, end := range map[string]func(req *events.Request, st *events.ClientStream){
		"our session destroyed":   func(req *events.Request, _ *events.ClientStream) { ofServer(req).Session().Destroy(nil, core.NoError) },
		"our stream destroyed":    func(req *events.Request, _ *events.ClientStream) { ofServer(req).Destroy(nil) },
		"reset":                   func(_ *events.Request, st *events.ClientStream) { st.Close(core.NoError) },
		"their session destroyed": func(_ *events.Request, st *events.ClientStream) { st.Session().Destroy(nil, core.NoError) },
		"their session closed":    func(_ *events.Request, st *events.ClientStream) { st.Session().Close() },
	} {
		for _, read := range []int{-1, 0, 3, len(sent)} { // before the end; -1: not even begun
			synctest.Test(t, func(t *testing.T) {
				began, gone, over := make(chan *events.Request, 1), make(chan bool), make(chan bool)
				client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, _ *events.Response) {
					defer close(over)
					var body io.Reader
					var got []byte
					if read >= 0 {
						body, got = req.Body(), make([]byte, read)
						io.ReadFull(body, got)
					}
					began <- req
					<-gone
					if body == nil {
						body = req.Body()
					}
					rest, err := io.ReadAll(body)
					got = append(got, rest...)
					var e *events.Error
					switch {
					case err == nil && string(got) != sent:
						t.Errorf("%s, %d bytes read: %q looks complete", name, read, got)
					case err != nil && read >= 0 && (!errors.As(err, &e) || e.Code != events.ErrStreamError.Code):
						t.Errorf("%s, %d bytes read: %v", name, read, err)
					}
				})
				st, err := client.Request(t.Context(), events.H(":method", "POST"))
				if err != nil {
					t.Fatal(err)
				}
				st.OnError(func(error) {})
				st.EndString(sent)
				req := <-began
				synctest.Wait()
				end(req, st)
				synctest.Wait()
				close(gone)
				<-over
			})
		}
	}
}
