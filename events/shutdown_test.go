package events_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
)

// A callback that does not return keeps its connection, but not who shuts the
// server down beyond the time given.
func TestShutdownBesideACallbackThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inside, release := make(chan bool), make(chan bool)
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			close(inside)
			<-release
		})
		near, far := net.Pipe()
		client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
			CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		client.OnError(func(error) {})
		if _, err := srv.ServeConn(far); err != nil {
			t.Fatal(err)
		}
		st, err := client.Request(t.Context(), events.H(":path", "/"))
		if err != nil {
			t.Fatal(err)
		}
		st.OnError(func(error) {})
		<-inside
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 4*time.Second {
			t.Errorf("Shutdown: %v after %v", err, time.Since(began))
		}
		close(release)
		srv.Wait()
		client.Destroy(nil, 0)
	})
}
