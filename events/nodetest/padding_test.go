package nodetest

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
)

// sizes is how long the frames of HEADERS and DATA that were sent are, their
// headers of 9 bytes included.
func (f *wire) sizes() (headers, data []int) {
	for _, fr := range f.frames {
		switch n := frame.HeaderLen + int(fr.Header.Length); {
		case fr.Text != "":
		case fr.Type == frame.TypeHeaders, fr.Type == frame.TypePushPromise:
			headers = append(headers, n)
		case fr.Type == frame.TypeData:
			data = append(data, n)
		}
	}
	return headers, data
}

const paddedBody = "<h1>Hello World.</h1>"

// padded is a GET "/a" that both sides answer for with a strategy.
func padded(t *testing.T, strategy events.PaddingStrategy) *world {
	opts := events.SessionOptions{PaddingStrategy: strategy}
	w := newWorld(t, setup{client: opts, server: events.ServerOptions{SessionOptions: opts}})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.Respond(events.H("content-type", "text/html"))
		st.EndString(paddedBody)
	})
	w.request(events.H(":path", "/a"), events.RequestOptions{})
	w.settle()
	same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data " + paddedBody, "end", "close 0"})
	return w
}

func isAligned(t *testing.T, f *wire) {
	t.Helper()
	headers, data := f.sizes()
	for _, n := range append(headers, data...) {
		if n%8 != 0 {
			t.Errorf("a frame of %d bytes", n)
		}
	}
}

func TestNode_padding_aligned(t *testing.T) {
	t.Run("padding-aligned.1", func(t *testing.T) {
		w := padded(t, events.PaddingStrategyAligned)
		isAligned(t, w.fromClient)
		isAligned(t, w.fromServer)
		covers(t, "rule.options.padding-aligned")
		if _, data := w.fromServer.sizes(); len(data) != 1 || data[0] != 9+1+21+1 {
			t.Errorf("DATA of %v bytes", data)
		}
		covers(t, "createServer.option.paddingStrategy")
		for _, f := range []*wire{w.fromClient, w.fromServer} {
			for _, fr := range f.frames {
				if fr.Text == "" && fr.Type == frame.TypeSettings && fr.Header.Length != 0 {
					t.Errorf("SETTINGS of %d bytes", fr.Header.Length)
				}
			}
		}
	})
	t.Run("padding-aligned.2", func(t *testing.T) {
		if events.PaddingStrategyNone != 0 || events.PaddingStrategyAligned != 1 || events.PaddingStrategyMax != 2 ||
			events.PaddingStrategyCallback != events.PaddingStrategyAligned {
			t.Error("the constants have other values")
		}
		w := padded(t, events.PaddingStrategyCallback)
		isAligned(t, w.fromServer)
		if _, data := w.fromServer.sizes(); len(data) != 1 || data[0] != 9+1+21+1 {
			t.Errorf("DATA of %v bytes", data)
		}
		covers(t, "rule.options.padding-callback")
	})
}

func TestPadding(t *testing.T) {
	w := padded(t, events.PaddingStrategyNone)
	if _, data := w.fromServer.sizes(); len(data) != 1 || data[0] != 9+21 {
		t.Errorf("without padding DATA of %v bytes", data)
	}
	plain, _ := w.fromServer.sizes()
	w = padded(t, events.PaddingStrategyMax)
	headers, data := w.fromServer.sizes()
	if len(data) != 1 || data[0] != 9+1+21+255 || len(headers) != 1 || headers[0] != plain[0]+1+255 {
		t.Errorf("with all padding HEADERS of %v bytes, %v without; DATA of %v", headers, plain, data)
	}
	covers(t, "rule.options.padding-max")
}

// Padding counts against the windows: what it leaves no room for is sent
// without, and arrives.
func TestPaddingOfLongBody(t *testing.T) {
	for _, strategy := range []events.PaddingStrategy{events.PaddingStrategyAligned, events.PaddingStrategyMax} {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{PaddingStrategy: strategy}}})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(make([]byte, 1_000_003)) })
		got := 0
		w.get(func(st *events.ClientStream) { st.OnData(func(p []byte) { got += len(p) }) })
		w.settle()
		if got != 1_000_003 || !w.saw("client end") {
			t.Errorf("strategy %d: %d bytes came", strategy, got)
		}
	}
}

// Whatever is left to fill up: padding takes its own byte, too.
func TestPaddingAligned(t *testing.T) {
	for n := range 24 {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{PaddingStrategy: events.PaddingStrategyAligned}}})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.H("x", strings.Repeat("~", n)))
			st.End(make([]byte, n))
		})
		w.get()
		w.settle()
		isAligned(t, w.fromServer)
		if headers, _ := w.fromServer.sizes(); len(headers) != 1 || !w.saw("client end") {
			t.Errorf("%d bytes: %q", n, w.log)
		}
	}
}

// The option of a server with TLS, and of a client that connects.
func TestPaddingOptions(t *testing.T) {
	aligned := events.SessionOptions{PaddingStrategy: events.PaddingStrategyAligned}
	t.Run("of a server with TLS", func(t *testing.T) {
		fromServer := newWire(t, false)
		opts := aligned
		opts.Trace = fromServer.trace
		srv, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: events.ServerOptions{SessionOptions: opts}})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString(paddedBody) })
		server, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		client, err := events.NewClientSession(mem.Epoch, "https://localhost", events.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		link := mem.NewLink(client, server, mem.Options{})
		if _, err := client.Request(t.Context(), events.Headers{}); err != nil {
			t.Fatal(err)
		}
		link.Settle()
		isAligned(t, fromServer)
		if _, data := fromServer.sizes(); len(data) != 1 || data[0] != 9+1+21+1 {
			t.Errorf("DATA of %v bytes", data)
		}
		covers(t, "createSecureServer.option.paddingStrategy")
	})
	synctest.Test(t, func(t *testing.T) {
		here, there := mem.Pipe()
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.End(nil) })
		if _, err := srv.ServeConn(there); err != nil {
			t.Fatal(err)
		}
		fromClient := newWire(t, true)
		opts := aligned
		opts.Trace = fromClient.trace
		client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
			SessionOptions:   opts,
			CreateConnection: func(context.Context) (net.Conn, error) { return here, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/a", "/ab", "/abc"} {
			client.Do(func() { // the server answers without waiting for the body
				st, err := client.Request(t.Context(), events.H(":method", "POST", ":path", path))
				if err != nil {
					t.Error(err)
					return
				}
				st.Resume()
				st.EndString(path)
			})
		}
		synctest.Wait()
		isAligned(t, fromClient)
		if headers, data := fromClient.sizes(); len(headers) != 4 || len(data) != 4 {
			t.Errorf("HEADERS of %v bytes, DATA of %v", headers, data)
		}
		covers(t, "connect.option.paddingStrategy")
		client.Close()
		client.Wait()
		shutdown(t, srv)
	})
	if _, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{PaddingStrategy: 3}}); err == nil ||
		!strings.HasPrefix(err.Error(), events.ErrInvalidArg.Code) {
		t.Errorf("a strategy that there is none: %v", err)
	}
}
