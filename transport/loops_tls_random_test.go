//go:build linux

package transport_test

import (
	"bytes"
	"context"
	ctls "crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
	"weft/transport/tls"
)

var (
	firstSeed = flag.Uint64("loops.seed", 0, "where tests of loops at random begin")
	moreSeeds = flag.Uint64("loops.seeds", 1, "how many seeds they try")
)

// within prints what all goroutines do, and ends the process, unless the test is
// over by then.
func within(t *testing.T, d time.Duration, seed *atomic.Uint64) {
	timer := time.AfterFunc(d, func() {
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		panic(fmt.Sprintf("%s hangs, seed %d", t.Name(), seed.Load()))
	})
	t.Cleanup(func() { timer.Stop() })
}

// tlsConfigs returns configurations of the two sides.
func tlsConfigs(t *testing.T) (server, client *ctls.Config) {
	t.Helper()
	cert, _, err := tls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	server, err = tls.ServerConfig(tls.ServerOptions{Base: &ctls.Config{Certificates: []ctls.Certificate{cert}}})
	if err != nil {
		t.Fatal(err)
	}
	client, err = tls.ClientConfig(tls.ClientOptions{Base: &ctls.Config{RootCAs: roots, ServerName: "localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

// Connections with TLS that change between few words and many, and end in any way
// there is, lose nothing before that, and leave nothing behind.
func TestLoopsWithTLSAtRandom(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	server, client := tlsConfigs(t)
	a, b := socktest.Pair(t) // the first has package net open something of its own
	a.Close()
	b.Close()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	var seed atomic.Uint64
	within(t, time.Duration(*moreSeeds)*10*time.Second+20*time.Second, &seed)
	for i := range *moreSeeds {
		seed.Store(*firstSeed + i)
		var loops transport.Loops
		var steps atomic.Int64
		var workers sync.WaitGroup
		for w := range uint64(12) {
			workers.Go(func() {
				r := rand.New(rand.NewPCG(seed.Load(), w))
				for range 6 {
					if w == 0 {
						runtime.GOMAXPROCS(1 << r.IntN(3))
					}
					k := secretLink(t, &loops, r, &steps, server, client)
					if k == nil {
						continue
					}
					k.lives(t)
					k.dies(t)
				}
			})
		}
		workers.Wait()
		if t.Failed() {
			t.Fatalf("seed %d", seed.Load())
		}
		if conns, n := loops.Waiting(); n != 0 {
			t.Fatalf("seed %d: %d connections and %d loops are left", seed.Load(), conns, n)
		}
		goroutinesBecome(t, goroutines+1) // and the timer's
		for began := time.Now(); openFiles(t) > files; runtime.Gosched() {
			if time.Since(began) > 10*time.Second {
				t.Fatalf("seed %d: %d descriptors, %d before", seed.Load(), openFiles(t), files)
			}
		}
	}
}

// secret is a connection with TLS.
type secret struct {
	*ctls.Conn
	tcp    *net.TCPConn
	ep     *moody
	r      *rand.Rand
	steps  *atomic.Int64
	cancel context.CancelFunc
	end    chan error
}

// secretLink returns nil if the connection is over already.
func secretLink(t *testing.T, loops *transport.Loops, r *rand.Rand, steps *atomic.Int64, server, client *ctls.Config) *secret {
	a, b := socktest.Pair(t)
	a.SetDeadline(time.Now().Add(20 * time.Second))
	if r.IntN(4) == 0 {
		b.(*net.TCPConn).SetWriteBuffer(32 << 10)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if r.IntN(2) == 0 {
		client = client.Clone()
		client.MaxVersion = ctls.VersionTLS12
	}
	k := &secret{
		Conn: ctls.Client(a, client),
		tcp:  a.(*net.TCPConn),
		ep: &moody{
			restful: &restful{fake: &fake{t: t}},
			r:       rand.New(rand.NewPCG(r.Uint64(), r.Uint64())),
			others:  steps,
		},
		r:      r,
		steps:  steps,
		cancel: cancel,
		end:    make(chan error, 2),
	}
	k.ep.onReceive = k.ep.receive
	k.ep.onAdvance = func(time.Time) { k.ep.inside(k.ep.sayPending) }
	k.ep.onEOF = func(error) { k.ep.inside(k.ep.sayPending) }
	var opts transport.Options
	if r.IntN(4) == 0 {
		opts.Linger = -1
	}
	conn := tls.Server(b, server)
	early, never := r.IntN(2) == 0, r.IntN(20) == 0
	var shaken sync.WaitGroup
	if never { // there is no handshake
		a.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	} else {
		shaken.Go(func() {
			if err := k.Handshake(); err != nil {
				t.Error(err)
			}
			if early { // more comes with the handshake
				k.Write([]byte("early"))
			}
		})
	}
	loops.Start(ctx, conn, k.ep, opts, func(err error) {
		k.ep.ended.Store(true)
		k.end <- err
	})
	shaken.Wait()
	if never {
		io.Copy(io.Discard, a)
		a.Close()
		if err := <-k.end; k.ep.eofs.Load() != 1 {
			t.Errorf("after no handshake %v", err)
		}
		cancel()
		return nil
	}
	if early {
		k.hears(t, []byte("early"))
	}
	return k
}

func (k *secret) hears(t *testing.T, p []byte) {
	got := make([]byte, len(p))
	if n, err := io.ReadFull(k, got); err != nil || !bytes.Equal(p, got) {
		t.Errorf("%d bytes of %d came back, %v", n, len(p), err)
	}
}

// some returns up to a lot of bytes, but most often few.
func (k *secret) some() []byte {
	n := 1 + k.r.IntN(1<<(1+k.r.IntN(18)))
	return sampleAt(k.r.IntN(1<<19), n)
}

func (k *secret) exchange(t *testing.T, p []byte) {
	k.steps.Add(1)
	var both sync.WaitGroup
	both.Go(func() { k.Write(p) })
	k.hears(t, p)
	both.Wait()
}

func (k *secret) lives(t *testing.T) {
	for range k.r.IntN(25) {
		switch k.r.IntN(8) {
		case 0:
			k.ep.rest()
		case 1:
			k.ep.tell(func() { k.ep.paused = true })
			go k.ep.tell(func() { k.ep.paused = false })
		case 2: // few words, once it is back in its loop
			k.ep.rest()
			for range k.r.IntN(40) {
				k.exchange(t, k.some()[:1])
			}
		case 3: // from elsewhere
			p := k.some()
			cut := k.r.IntN(len(p))
			var both sync.WaitGroup
			both.Go(func() {
				k.ep.tell(func() { k.ep.out = append(k.ep.out, p[:cut]...) })
				k.ep.tell(func() { k.ep.out = append(k.ep.out, p[cut:]...) })
			})
			k.hears(t, p)
			both.Wait()
		case 4: // records in pieces, and many together
			p := k.some()
			p = p[:min(len(p), 3000)]
			var both sync.WaitGroup
			both.Go(func() {
				for q := p; len(q) > 0; {
					n := 1 + k.r.IntN(min(len(q), 100))
					k.Write(q[:n])
					q = q[n:]
				}
			})
			k.hears(t, p)
			both.Wait()
		default:
			k.exchange(t, k.some())
		}
	}
}

// dies ends the connection in some way.
func (k *secret) dies(t *testing.T) {
	defer k.cancel()
	defer k.tcp.Close()
	want := transport.CloseEOF
	how := k.r.IntN(11)
	switch how {
	case 0:
		k.Close()
	case 1:
		k.tcp.Close()
	case 2, 3: // close_notify, or half the connection, with the last bytes or behind them
		p := k.some()
		var both sync.WaitGroup
		both.Go(func() {
			k.Write(p)
			if how == 2 {
				k.CloseWrite()
			} else {
				k.tcp.CloseWrite()
			}
		})
		k.hears(t, p)
		if n, err := k.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes and %v at the end", n, err)
		}
		both.Wait()
	case 4: // a record that ends too soon
		k.exchange(t, k.some())
		whole := append([]byte{23, 3, 3, 1, 0}, make([]byte, 255)...)
		k.tcp.Write(whole[:1+k.r.IntN(len(whole))])
		k.tcp.CloseWrite()
		io.Copy(io.Discard, k.tcp)
		want = transport.CloseRead
	case 5: // no record
		k.exchange(t, k.some())
		k.tcp.Write(append([]byte{23, 3, 3, 0, 100}, make([]byte, 100+k.r.IntN(1000))...))
		io.Copy(io.Discard, k.tcp)
		want = transport.CloseRead
	case 6: // a reset
		k.Write(k.some())
		k.tcp.SetLinger(0)
		k.tcp.Close()
		want = 0
	case 7:
		if k.r.IntN(2) == 0 {
			k.Write(k.some()[:1])
		}
		k.cancel()
		want = transport.CloseCanceled
	case 8: // the endpoint is over
		k.ep.tell(func() { k.ep.done = true })
		if _, err := io.Copy(io.Discard, k); err != nil {
			t.Errorf("after the last bytes: %v", err)
		}
		k.Close()
		want = transport.CloseDone
	case 9: // nobody takes the answer
		k.tcp.SetWriteDeadline(time.Now().Add(time.Second))
		go k.Write(sample[:1<<18])
		runtime.Gosched()
		k.tcp.Close()
		want = 0
	case 10: // everything at once
		go k.cancel()
		go k.ep.tell(func() { k.ep.done = true })
		k.Write(k.some())
		k.Close()
		want = 0
	}
	var why *transport.CloseError
	err := <-k.end
	switch {
	case !errors.As(err, &why):
		t.Errorf("%d: ended with %v", how, err)
	case want != 0 && why.Kind != want:
		t.Errorf("%d: ended with %v, want %v", how, err, want)
	}
	if k.ep.eofs.Load() != 1 {
		t.Errorf("%d: the endpoint was not told of the end once", how)
	}
}
