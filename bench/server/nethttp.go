package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"unsafe"

	"weft/internal/answers"
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
		case r.URL.Path == "/file":
			http.ServeFile(w, r, file)
		default:
			a := answers.All[r.URL.Path]
			if a == nil {
				http.NotFound(w, r)
				return
			}
			for _, f := range a.Fields[1:] {
				w.Header().Set(f.Name, f.Value)
			}
			for left := a.Size; left > 0; {
				p := a.Part(left) // net/http copies strings in small pieces
				n, err := w.Write(unsafe.Slice(unsafe.StringData(p), len(p)))
				if err != nil {
					return
				}
				left -= int64(n)
			}
		}
	})
	srv := &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	if window > 0 {
		// More than 4 MiB it does not take.
		srv.HTTP2.MaxReceiveBufferPerStream = min(window, 4<<20-1)
		srv.HTTP2.MaxReceiveBufferPerConnection = min(4*window, 4<<20-1)
	}
	if table >= 0 {
		srv.HTTP2.MaxDecoderHeaderTableSize = max(table, 1)
		srv.HTTP2.MaxEncoderHeaderTableSize = max(table, 1)
	}
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
