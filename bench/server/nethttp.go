package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"

	"weft/transport/tls"
)

// serveNetHTTP is Go's own server with the same answers.
func serveNetHTTP(ctx context.Context, l net.Listener, secure bool) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			n, _ := io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, strconv.FormatInt(n, 10))
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/plain")
			w.Write(hello)
		case r.URL.Path == "/1m":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", strconv.Itoa(len(large)))
			w.Write(large)
		default:
			http.NotFound(w, r)
		}
	})
	srv := &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	srv.Protocols.SetHTTP2(secure)
	srv.Protocols.SetUnencryptedHTTP2(!secure)
	context.AfterFunc(ctx, func() { srv.Close() })
	return srv.Serve(plainTLS{l})
}

// plainTLS accepts the connections of crypto/tls that those of l are made of:
// net/http speaks HTTP/2 over no other.
type plainTLS struct{ net.Listener }

func (l plainTLS) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if c, ok := conn.(*tls.Conn); ok {
		return c.Conn, err
	}
	return conn, err
}
