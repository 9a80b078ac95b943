package events_test

import (
	"errors"
	"testing"

	"weft/core"
	"weft/events"
)

// TCP without a handshake is in the clear: https is not for it (RFC 9110 §7.4),
// unless a trusted proxy may say so. A client does not even send it.
func TestSchemeAndCarrier(t *testing.T) {
	over := func(kind core.Transport) events.SessionOptions { return events.SessionOptions{Transport: kind} }
	for _, x := range []struct {
		server, client core.Transport
		http, https    string
	}{
		{core.TransportUnknown, core.TransportUnknown, "200", "sent nothing"},
		{core.TransportUnknown, core.TransportAny, "200", "reset"},
		{core.TransportEncrypted, core.TransportAny, "reset", "200"},
		{core.TransportAny, core.TransportAny, "200", "200"},
	} {
		srv, err := events.CreateServer(events.ServerOptions{SessionOptions: over(x.server)})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.Respond(events.Status(200), events.RespondOptions{EndStream: true})
		})
		addr, err := srv.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		client, err := events.Connect(t.Context(), "http://"+addr.String(), events.ConnectOptions{SessionOptions: over(x.client)})
		if err != nil {
			t.Fatal(err)
		}
		for scheme, want := range map[string]string{"http": x.http, "https": x.https} {
			got, closed := "", make(chan bool)
			client.Do(func() { // all listeners are there before anything happens
				st, err := client.Request(t.Context(), events.H(":scheme", scheme))
				if err != nil {
					t.Error(err)
					close(closed)
					return
				}
				st.OnResponse(func(h events.Headers, _ events.Flags) { got = h.Get(":status") })
				st.OnError(func(err error) {
					got = err.Error()
					if errors.Is(err, events.ErrInvalidPseudo) {
						got = "sent nothing"
					} else if code, _ := st.RSTCode(); code == core.ProtocolError {
						got = "reset"
					}
				})
				st.OnClose(func() { close(closed) })
			})
			<-closed
			if got != want {
				t.Errorf("server %d, client %d, %s: %s, want %s", x.server, x.client, scheme, got, want)
			}
		}
		client.Close()
		client.Wait()
		srv.DestroyAll()
		srv.Wait()
	}
}
