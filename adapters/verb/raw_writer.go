package verb

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// rawWriter answers a request by HTTP/1.1 on its connection, which ends with
// the answer: that of a WebSocket that was refused before it was one.
type rawWriter struct {
	conn  net.Conn
	h     http.Header
	begun bool
	err   error
}

// rawWriteTimeout bounds how long a client may take nothing of an answer.
const rawWriteTimeout = time.Minute

func (w *rawWriter) Header() http.Header { return w.h }

func (w *rawWriter) WriteHeader(code int) {
	if w.begun || code < 200 {
		return
	}
	w.begun = true
	text := new(strings.Builder)
	fmt.Fprintf(text, "HTTP/1.1 %03d %s\r\nConnection: close\r\n", code, http.StatusText(code))
	for name := range w.h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			delete(w.h, name) // a body that ends with the connection has no trailers
		}
	}
	if w.h["Date"] == nil {
		w.h.Set("Date", time.Now().UTC().Format(http.TimeFormat)) // RFC 9110 §6.6.1
	}
	w.h.WriteSubset(text, map[string]bool{"Connection": true, "Transfer-Encoding": true, "Trailer": true})
	text.WriteString("\r\n")
	w.put([]byte(text.String()))
}

func (w *rawWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.put(p)
}

func (w *rawWriter) put(p []byte) (n int, err error) {
	if w.err == nil {
		w.conn.SetWriteDeadline(time.Now().Add(rawWriteTimeout))
		n, w.err = w.conn.Write(p)
	}
	return n, w.err
}

// FlushError is for http.ResponseController.
func (w *rawWriter) FlushError() error { return w.err }

// What is still coming when an answer is complete is read for as long, and up to as
// much, as this: a connection that is closed with unread data may lose the answer.
const (
	lingerTime  = 5 * time.Second
	lingerBytes = 64 << 10
)

// finish ends the output, and waits for the client to have read it.
func (w *rawWriter) finish() {
	half, ok := w.conn.(interface{ CloseWrite() error })
	if w.err != nil || !ok || half.CloseWrite() != nil {
		return
	}
	w.conn.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, w.conn, lingerBytes)
}
