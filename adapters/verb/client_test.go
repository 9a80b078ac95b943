package verb

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/events"
)

// identity is a certificate that nobody vouches for, in PEM.
func identity(t *testing.T) TLSOptions {
	t.Helper()
	probe := httptest.NewTLSServer(nil)
	defer probe.Close()
	c := probe.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return TLSOptions{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	}
}

// listen serves an app on a port of its own.
func listen(t *testing.T, app *App) (addr string) {
	t.Helper()
	app.WithOptions(Options{Host: "localhost"})
	a, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	server, _ := app.Server()
	t.Cleanup(func() {
		server.DestroyAll()
		server.Wait()
	})
	return a.String()
}

func TestCreateHTTP2Client(t *testing.T) {
	app := newApp().WithOptions(Options{TLS: identity(t)})
	app.Get("/", func(req *Request, res *Response) error {
		st, _ := req.Stream()
		push, err := st.PushStream(events.H(":path", "/style.css"))
		if err != nil {
			return err
		}
		push.EndString("p{}")
		return res.HTML("<p>")
	})
	url := "https://" + listen(t, app)

	strict, err := CreateHTTP2Client(url)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	strict.OnError(func(err error) { failed <- err })
	if strict.Ready(t.Context()) == nil || <-failed == nil {
		t.Error("a certificate that nobody vouches for is accepted")
	}

	client, err := CreateHTTP2Client(url, ClientOptions{
		RejectUnauthorized: events.Set(false), TLS: &tls.Config{MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		t.Fatal(err)
	}
	pushed, body, ended := make(chan string, 2), make(chan string, 8), make(chan bool, 1)
	client.OnStream(func(push *events.ClientStream, request events.Headers, _ events.Flags) {
		pushed <- request.Path()
		push.OnText(func(s string) { pushed <- s })
	})
	st, err := client.Request(t.Context(), events.H(":method", "GET", ":path", "/"))
	if err != nil {
		t.Fatal(err)
	}
	st.OnEnd(func() { close(body); ended <- true })
	st.OnText(func(s string) { body <- s })
	<-ended
	covers(t, "verb.createHttp2Client", "verb.client.option.rejectUnauthorized")
	if got := <-body; got != "<p>" {
		t.Errorf("%q", got)
	}
	covers(t, "verb.client.request")
	if path, content := <-pushed, <-pushed; path != "/style.css" || content != "p{}" {
		t.Error(path, content)
	}
	covers(t, "verb.client.on", "verb.client.event.stream")
	closed := make(chan bool)
	client.OnClose(func() { close(closed) })
	client.Close()
	<-closed
	if err := client.Err(); err != nil {
		t.Error("close is graceful:", err)
	}
	covers(t, "verb.client.close")
	if _, err := CreateHTTP2Client("::"); err == nil {
		t.Error("no URL")
	}
	careless := ClientOptions{RejectUnauthorized: events.Set(true), TLS: &tls.Config{InsecureSkipVerify: true}}
	if _, err := CreateHTTP2Client(url, careless); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "RejectUnauthorized") {
		t.Error("all are refused, and none:", err)
	}
	if _, err := CreateHTTP2Client("http://localhost", ClientOptions{RejectUnauthorized: events.Set(true)}); !errors.Is(err, events.ErrInvalidArg) {
		t.Error("a certificate is wanted where there is none:", err)
	}
}
