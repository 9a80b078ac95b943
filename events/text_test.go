package events_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"weft/events"
)

// Strings are written to a socket from where they are, between bytes that are
// copied, and everything arrives in order, whatever the windows cut.
func TestStringsOverASocket(t *testing.T) {
	var long strings.Builder
	for i := range 1 << 18 {
		long.WriteByte(byte('a' + i*i%23))
	}
	text := long.String()
	want := text + "short" + text[:70000] + text[1:] + "more" + text[:5000] + text[7:200000]

	server, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.Respond(events.Status(200))
		st.WriteString(text)
		st.Write([]byte("short"))
		st.WriteString(text[:70000])
		st.WriteString(text[1:])
		st.WriteString("more")
		st.Write([]byte(text[:5000]))
		st.EndString(text[7:200000])
	})
	addr, err := server.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown(context.Background())
	for _, window := range []int{0, 1 << 22} { // Go's own, and a wide one
		tr := &http.Transport{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: window}}
		tr.Protocols.SetUnencryptedHTTP2(true)
		for range 20 {
			res, err := (&http.Client{Transport: tr}).Get("http://" + addr.String() + "/")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || string(got) != want {
				t.Fatalf("%d of %d bytes, %v; equal %v", len(got), len(want), err, string(got) == want)
			}
		}
		tr.CloseIdleConnections()
	}
}
