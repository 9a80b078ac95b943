package events_test

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"weft/events"
)

// A request that the server refuses is sent again.
func ExampleRetry() {
	server, _ := events.CreateServer(events.ServerOptions{})
	var asked atomic.Int32
	server.OnStream(func(stream *events.ServerStream, _ events.Headers, _ events.Flags) {
		if asked.Add(1) == 1 {
			stream.Close(events.RefusedStream)
			return
		}
		stream.EndString("at last")
	})
	addr, _ := server.Listen("localhost:0")

	ctx := context.Background()
	session, _ := events.Connect(ctx, "http://"+addr.String(), events.ConnectOptions{})
	err := events.Retry(ctx, events.Backoff{First: time.Millisecond}, func(ctx context.Context) error {
		request, err := session.Request(ctx, events.H(":path", "/"))
		if err != nil {
			return err
		}
		body, err := io.ReadAll(request.Blocking())
		fmt.Printf("%q\n", body)
		return err
	})
	fmt.Println(err, asked.Load())
	session.Close()
	server.Shutdown(ctx)
	// Output:
	// ""
	// "at last"
	// <nil> 2
}
