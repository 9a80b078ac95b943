//go:build linux

package events_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	wefttls "weft/transport/tls"
)

// client is the life of one client. wild: it does anything.
func (w *wildServer) client(r *rand.Rand, rounds int, wild bool) {
	opts := events.ConnectOptions{SessionOptions: events.SessionOptions{
		Logger:        slog.New(panicsOnly{slog.DiscardHandler, w.t}),
		SessionLimits: events.SessionLimits{MaxOutstandingSettings: 1000},
	}}
	secure := strings.HasPrefix(w.url, "https")
	var carrier *carrier
	if wild {
		carrier = w.dial(secure)
		if carrier == nil {
			return
		}
		opts.CreateConnection = func(context.Context) (net.Conn, error) { return carrier.conn, nil }
	} else if secure {
		opts.TLS = &tls.Config{RootCAs: w.roots}
	}
	if r.IntN(3) == 0 {
		opts.Settings.InitialWindowSize = events.Set(uint32(1 + r.IntN(100_000)))
	}
	client, err := events.Connect(context.Background(), w.url, opts)
	if err != nil {
		w.t.Error(err)
		return
	}
	for range 1 + r.IntN(rounds) {
		var asked []*question
		for range 1 + r.IntN(1+r.IntN(30)) {
			if q := w.ask(client, r, wild); q != nil {
				asked = append(asked, q)
			}
		}
		if wild {
			switch r.IntN(12) {
			case 0:
				client.Close()
			case 1:
				client.Destroy(errors.New("enough"), core.Cancel)
			case 2:
				client.Ping(func(error, time.Duration, [8]byte) {}, [8]byte([]byte("panic!!!")))
			case 3:
				client.Goaway(core.NoError, 0, nil)
			case 4:
				carrier.breaks(r)
			}
		}
		client.Ping(func(error, time.Duration, [8]byte) {})
		if r.IntN(3) == 0 {
			client.Settings(events.Settings{InitialWindowSize: events.Set(uint32(30_000 + r.IntN(100_000)))}, nil)
		}
		for _, q := range asked {
			q.wait(w, client, wild)
		}
	}
	if r.IntN(2) == 0 {
		client.Close()
	} else {
		client.Destroy(nil, core.NoError)
	}
	client.Wait()
}

// carrier is a connection that breaks.
type carrier struct {
	conn net.Conn
	tcp  *net.TCPConn
}

// dial returns nil if the server is closed.
func (w *wildServer) dial(secure bool) *carrier {
	_, addr, _ := strings.Cut(w.url, "//")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		if !w.down.Load() {
			w.t.Error(err)
		}
		return nil
	}
	c := &carrier{conn, conn.(*net.TCPConn)}
	if secure {
		cfg, err := wefttls.ClientConfig(wefttls.ClientOptions{Base: &tls.Config{RootCAs: w.roots}})
		if err == nil {
			c.conn, err = wefttls.Handshake(context.Background(), conn, addr, withName(cfg))
		}
		if err != nil {
			if !w.down.Load() {
				w.t.Error(err)
			}
			return nil
		}
	}
	return c
}

func withName(cfg *tls.Config) *tls.Config {
	cfg.ServerName = "localhost"
	return cfg
}

// breaks ends the connection below everything, in some way.
func (c *carrier) breaks(r *rand.Rand) {
	switch r.IntN(5) {
	case 0:
		c.tcp.CloseWrite()
	case 1:
		c.tcp.Write([]byte{23, 3, 3, 1, 0, 1}) // a record, or a frame, without its end
		c.tcp.CloseWrite()
	case 2:
		c.tcp.Write(make([]byte, 100))
	case 3:
		c.tcp.SetLinger(0)
		c.tcp.Close()
	default:
		c.tcp.Close()
	}
}

// stranger says what is no HTTP/2, or nothing, or less than that.
func (w *wildServer) stranger(r *rand.Rand) {
	_, addr, _ := strings.Cut(w.url, "//")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		if !w.down.Load() {
			w.t.Error(err)
		}
		return
	}
	defer conn.Close()
	switch r.IntN(6) {
	case 0:
		conn.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		io.Copy(io.Discard, conn)
	case 1:
		conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")[:1+r.IntN(24)])
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
	case 2:
		conn.Write(make([]byte, 1+r.IntN(3000)))
	case 3:
		conn.Write([]byte{22, 3, 1, 2, 0, 1, 0, 1})
		conn.(*net.TCPConn).SetLinger(0)
	case 4:
		conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
		conn.Read(make([]byte, 1))
		conn.(*net.TCPConn).SetLinger(r.IntN(2))
	}
}

// panicsOnly is a log that panics, but for those of our callbacks, are errors in.
type panicsOnly struct {
	slog.Handler
	t *testing.T
}

func (panicsOnly) Enabled(context.Context, slog.Level) bool { return true }

func (p panicsOnly) Handle(_ context.Context, rec slog.Record) error {
	rec.Attrs(func(a slog.Attr) bool {
		if a.Key == "panic" && !strings.HasPrefix(a.Value.String(), "a callback") {
			p.t.Errorf("%s: %v", rec.Message, rec)
		}
		return true
	})
	return nil
}

// question is one request, and what has become of it.
type question struct {
	st     *events.ClientStream
	what   string
	size   int
	closed chan bool

	// Of callbacks, until closed is closed.
	status, got   int
	answers, ends int
	err           error
	wrong         bool

	closes atomic.Int32
}

var wildPaths = []string{"now", "now", "now", "late", "late", "echo", "echo", "block", "panic", "files", "settings", "pause"}
var wilderPaths = append([]string{"close", "closes", "destroy", "destroys", "goaway", "timeout", "never"}, wildPaths...)

func (w *wildServer) ask(client *events.ClientSession, r *rand.Rand, wild bool) *question {
	q := &question{closed: make(chan bool), size: r.IntN(1 << (1 + r.IntN(18)))}
	if q.what = wildPaths[r.IntN(len(wildPaths))]; wild {
		q.what = wilderPaths[r.IntN(len(wilderPaths))]
	}
	body := q.what == "echo"
	method := "GET"
	if body {
		method = "POST"
	}
	var cancelled time.Duration
	if wild && r.IntN(5) == 0 || q.what == "never" {
		cancelled = time.Duration(1 + r.IntN(3_000_000))
	}
	pauses := r.IntN(4) == 0
	cut := r.IntN(q.size + 1)
	made := make(chan error, 1)
	client.Do(func() {
		st, err := client.Request(context.Background(), events.H(":path", "/"+q.what+"/"+strconv.Itoa(q.size), ":method", method), events.RequestOptions{EndStream: events.Set(!body)})
		if made <- err; err != nil {
			return
		}
		q.st = st
		st.OnResponse(func(h events.Headers, _ events.Flags) {
			q.status = h.Status()
			q.answers++
		})
		st.OnData(func(p []byte) {
			for i, c := range p {
				if c != byte(q.got+i) {
					q.wrong = true
				}
			}
			q.got += len(p)
			if pauses {
				pauses = false
				st.Pause()
				go st.Resume()
			}
		})
		st.OnEnd(func() { q.ends++ })
		st.OnError(func(err error) { q.err = err })
		st.OnClose(func() {
			if q.closes.Add(1) == 1 {
				close(q.closed)
			}
		})
		if body {
			sent := counting(q.size)
			st.Write(sent[:cut])
			go st.End(sent[cut:])
		}
		if cancelled > 0 {
			w.others.Add(1)
			time.AfterFunc(cancelled, func() {
				defer w.others.Done()
				st.Close(core.Cancel)
			})
		}
	})
	if err := <-made; err != nil {
		if !wild && !w.down.Load() {
			w.t.Errorf("Request: %v", err)
		}
		return nil
	}
	if cancelled > 0 {
		q.what = "cancelled"
	}
	return q
}

// counting returns n bytes 0, 1, 2 and so on.
func counting(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i)
	}
	return p
}

func (q *question) wait(w *wildServer, client *events.ClientSession, wild bool) {
	<-q.closed
	w.told.Add(1)
	whole := q.status == 200 && q.got == q.size && q.ends == 1 && q.err == nil
	switch {
	case q.closes.Load() != 1 || q.answers > 1 || q.ends > 1 || q.wrong:
		w.t.Errorf("%s: %d close events, %d responses, %d ends, wrong: %v", q.what, q.closes.Load(), q.answers, q.ends, q.wrong)
	case q.what == "panic" && (q.status == 500 || q.err != nil):
	case !wild && !w.down.Load() && !whole:
		w.t.Errorf("%s of %d: status %d, %d bytes, %d ends, %v; session %v", q.what, q.size, q.status, q.got, q.ends, q.err, client.Err())
	case q.status == 200 && q.got < q.size && q.err == nil && q.what != "cancelled" && q.st.Complete():
		w.t.Errorf("%s of %d: %d bytes and no error", q.what, q.size, q.got)
	}
}
