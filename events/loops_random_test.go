//go:build linux

package events_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	wefttls "weft/transport/tls"
)

var (
	firstSeed = flag.Uint64("loops.seed", 1, "where tests of loops at random begin")
	moreSeeds = flag.Uint64("loops.seeds", 3, "how many seeds they try")
)

// Servers whose connections share event loops, with callbacks that do anything
// they may at any time, answer every request of a session that nobody ends, report
// the end of every other request once, and leave nothing behind.
func TestLoopsOfServersAtRandom(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	var seed atomic.Uint64
	limit := time.AfterFunc(time.Duration(*moreSeeds)*10*time.Second+20*time.Second, func() {
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		panic(fmt.Sprintf("it hangs, seed %d", seed.Load()))
	})
	defer limit.Stop()
	for i := range *moreSeeds {
		if i == 1 { // whatever is made once is there
			defer func(n int) { checkOpenFiles(t, n) }(countOpenFiles(t))
			defer func(n int) { checkGoroutines(t, n) }(runtime.NumGoroutine())
		}
		seed.Store(*firstSeed + i)
		runtime.GOMAXPROCS(1 << (seed.Load() % 3))
		var servers sync.WaitGroup
		for n := range 1 + seed.Load()%4 {
			r := rand.New(rand.NewPCG(seed.Load(), n))
			w := &wildServer{t: t, r: r, cert: cert, roots: roots, blocks: r.IntN(3) == 0}
			servers.Go(w.serve)
		}
		servers.Wait()
		if t.Failed() {
			t.Fatalf("seed %d", seed.Load())
		}
	}
}

func countOpenFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("descriptors are not counted:", err)
	}
	return len(entries)
}

func checkOpenFiles(t *testing.T, want int) {
	for began := time.Now(); countOpenFiles(t) > want; runtime.Gosched() {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("%d descriptors, %d before", countOpenFiles(t), want)
		}
	}
}

func checkGoroutines(t *testing.T, want int) {
	for began := time.Now(); runtime.NumGoroutine() > want; runtime.Gosched() {
		if time.Since(began) > 5*time.Second {
			pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), want)
		}
	}
}

// wildServer is a server and those who ask it.
type wildServer struct {
	t     *testing.T
	r     *rand.Rand
	cert  tls.Certificate
	roots *x509.CertPool

	srv    *events.Server
	url    string
	others sync.WaitGroup // goroutines of callbacks
	told   atomic.Int64   // answers
	down   atomic.Bool    // the server may end its sessions
	blocks bool           // now and then a callback does
}

func (w *wildServer) serve() {
	quiet := slog.New(panicsOnly{slog.DiscardHandler, w.t})
	opts := events.ServerOptions{SessionOptions: events.SessionOptions{
		Logger:        quiet,
		SessionLimits: events.SessionLimits{MaxOutstandingSettings: 1000},
	}}
	secure := w.r.IntN(2) == 0
	if secure {
		s, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: opts, TLS: &tls.Config{Certificates: []tls.Certificate{w.cert}}})
		if err != nil {
			w.t.Fatal(err)
		}
		w.srv = &s.Server
	} else {
		s, err := events.CreateServer(opts)
		if err != nil {
			w.t.Fatal(err)
		}
		w.srv = s
	}
	closes := make(chan bool, 2)
	w.srv.OnClose(func() { closes <- true })
	w.srv.OnSession(func(ss *events.ServerSession) {
		ss.OnPing(func(p [8]byte) {
			if string(p[:5]) == "panic" {
				panic("a callback of a ping")
			}
		})
	})
	switch w.r.IntN(3) {
	case 0:
		w.srv.OnRequest(events.InGoroutine(w.onBlockingRequest))
	case 1:
		w.srv.OnRequest(w.onRequest)
	default:
		w.srv.OnStream(w.onStream)
	}
	if w.r.IntN(5) == 0 {
		w.down.Store(true)
		w.srv.SetTimeout(time.Duration(1+w.r.IntN(10_000))*time.Microsecond, nil)
		if w.r.IntN(2) == 0 {
			w.srv.OnTimeout(func(ss *events.ServerSession) { ss.Close() })
		}
	}
	addr, err := w.srv.Listen("127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.url = "http://" + addr.String()
	if secure {
		w.url = "https://" + addr.String()
	}
	var clients sync.WaitGroup
	many, rounds := 16, 20
	if w.r.IntN(8) == 0 { // so many that their records are fetched
		many, rounds = 220, 4
	}
	for i := range many {
		seed := w.r.Uint64()
		clients.Go(func() { w.client(rand.New(rand.NewPCG(seed, uint64(i))), rounds, i%3 == 0) })
	}
	for range 5 {
		seed := w.r.Uint64()
		clients.Go(func() { w.stranger(rand.New(rand.NewPCG(seed, 0))) })
	}
	if w.r.IntN(2) == 0 { // all are answered before it ends
		clients.Wait()
	}
	w.down.Store(true)
	switch w.r.IntN(4) {
	case 0:
		w.srv.DestroyAll()
	case 1:
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(w.r.IntN(20))*time.Millisecond)
		w.srv.Shutdown(ctx)
		cancel()
	case 2:
		if err := w.srv.Shutdown(context.Background()); err != nil {
			w.t.Errorf("Shutdown: %v", err)
		}
	default:
		w.srv.Close()
	}
	clients.Wait()
	w.srv.Wait()
	<-closes
	w.others.Wait()
	select {
	case <-closes:
		w.t.Error("a second close event")
	default:
	}
}

// block blocks until others were answered, or for a few ms.
func (w *wildServer) block() {
	if !w.blocks {
		return
	}
	for began, at := time.Now(), w.told.Load(); w.told.Load() < at+5 && time.Since(began) < 5*time.Millisecond; {
		runtime.Gosched()
	}
}

func asked(h events.Headers) (what string, size int) {
	_, rest, _ := strings.Cut(h.Path(), "/")
	what, n, _ := strings.Cut(rest, "/")
	size, _ = strconv.Atoi(n)
	return what, size
}

func (w *wildServer) onStream(st *events.ServerStream, h events.Headers, _ events.Flags) {
	what, size := asked(h)
	answer := func() {
		st.Respond(events.Headers{})
		st.End(counting(size))
	}
	ss := st.Session()
	if ss == nil { // the stream was destroyed meanwhile
		return
	}
	switch what {
	case "late":
		w.others.Go(answer)
	case "echo":
		st.Respond(events.Headers{})
		st.OnData(func(p []byte) {
			if ready, _ := st.Write(p); !ready {
				st.Pause()
			}
		})
		st.OnDrain(st.Resume)
		st.OnEnd(func() { st.End(nil) })
	case "block":
		w.block()
		answer()
	case "panic":
		panic("a callback of a request")
	case "files":
		st.Respond(events.Headers{})
		st.SendFrom(strings.NewReader(string(counting(size))), int64(size))
	case "settings":
		ss.Settings(events.Settings{InitialWindowSize: events.Set(uint32(20_000 + size))}, func(error, events.Settings, time.Duration) {})
		answer()
	case "pause":
		w.others.Go(func() {
			st.Pause()
			st.Resume()
			st.Respond(events.Headers{})
			for _, c := range counting(min(size, 50)) {
				st.Write([]byte{c})
			}
			st.End(counting(size)[min(size, 50):])
		})
	default:
		w.endSession(ss, what)
		answer()
	}
}

func (w *wildServer) onRequest(req *events.Request, res *events.Response) {
	what, size := asked(req.Headers())
	st, ok := req.Stream()
	if !ok {
		return
	}
	ss := st.Session()
	if ss == nil {
		return
	}
	switch what {
	case "late", "pause":
		st.Hold()
		w.others.Go(func() {
			defer st.Release()
			res.End(counting(size))
		})
	case "echo":
		req.OnData(func(p []byte) { res.Write(p) })
		req.OnEnd(func() { res.End(nil) })
	case "block":
		w.block()
		res.End(counting(size))
	case "panic":
		panic("a callback of a request")
	case "settings":
		ss.Settings(events.Settings{InitialWindowSize: events.Set(uint32(20_000 + size))}, nil)
		res.End(counting(size))
	default:
		w.endSession(ss, what)
		res.End(counting(size))
	}
}

// onBlockingRequest is for handlers that may wait.
func (w *wildServer) onBlockingRequest(req *events.Request, res *events.Response) {
	what, size := asked(req.Headers())
	switch what {
	case "echo":
		body := req.Body()
		if n, err := io.Copy(res.Blocking(), body); err == nil && n != int64(size) {
			w.t.Errorf("%d bytes of %d came", n, size)
		}
	case "late", "pause":
		over := make(chan bool)
		go close(over)
		<-over
		res.End(counting(size))
	case "files":
		res.Blocking().Write(counting(size))
	default:
		w.onRequest(req, res)
	}
}

// endSession ends a session in the way that was asked for.
func (w *wildServer) endSession(ss *events.ServerSession, what string) {
	switch what {
	case "close":
		ss.Close()
	case "closes":
		w.others.Go(ss.Close)
	case "destroy":
		ss.Destroy(nil, core.NoError)
	case "destroys":
		w.others.Go(func() { ss.Destroy(errors.New("enough"), core.EnhanceYourCalm) })
	case "goaway":
		ss.Goaway(core.NoError, 0, nil)
	case "timeout":
		ss.SetTimeout(time.Millisecond, nil)
	}
}
