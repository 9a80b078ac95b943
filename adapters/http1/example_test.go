package http1_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"weft/adapters/http1"
	"weft/events"
)

// One handler answers both protocols, on one port.
func Example() {
	server, _ := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		res.SetHeader("content-type", "text/plain")
		res.EndString("HTTP/" + req.HTTPVersion() + " " + req.URL())
	})
	addr, _ := server.Listen("localhost:0")

	resp, _ := http.Get("http://" + addr.String() + "/hello")
	body, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s\n", body)
	server.DestroyAll()
	// Output: HTTP/1.1 /hello
}

// Node's example of ALPN. The client that does not speak HTTP/2 negotiates
// nothing here.
func Example_alpn() {
	server, _ := events.CreateSecureServer(events.SecureServerOptions{
		ServerOptions: events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()},
		TLS:           certificate(),
	})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		state, _ := req.Socket().ConnectionState()
		res.SetHeader("content-type", "application/json")
		res.EndString(fmt.Sprintf(`{"alpnProtocol":%q,"httpVersion":%q}`, state.NegotiatedProtocol, req.HTTPVersion()))
	})
	addr, _ := server.Listen("localhost:0")
	for _, http2 := range []bool{true, false} {
		fmt.Println(get("https://"+addr.String(), &http.Transport{TLSClientConfig: trustingAll.Clone(), ForceAttemptHTTP2: http2}))
	}
	server.DestroyAll()
	// Output:
	// {"alpnProtocol":"h2","httpVersion":"2.0"}
	// {"alpnProtocol":"","httpVersion":"1.1"}
}

var trustingAll = &tls.Config{InsecureSkipVerify: true}

// get makes a request with net/http.
func get(url string, over *http.Transport) string {
	defer over.CloseIdleConnections()
	resp, err := (&http.Client{Transport: over}).Get(url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

// certificate is one of net/http/httptest.
func certificate() *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}
