package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9001", "address to listen on")
	to := flag.String("to", "127.0.0.1:9000", "address to carry connections to")
	rtt := flag.Duration("rtt", 100*time.Millisecond, "round trip")
	rate := flag.Float64("rate", 125e6, "bytes a second, each way")
	queue := flag.Int("queue", 1<<20, "bytes that may wait before the link, each way")
	flag.Parse()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
	for {
		near, err := l.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
			os.Exit(1)
		}
		go func() {
			far, err := net.Dial("tcp", *to)
			if err != nil {
				near.Close()
				return
			}
			newLink := func() *link { return &link{rate: *rate, delay: *rtt / 2, queue: *queue} }
			go carry(far, near, newLink())
			carry(near, far, newLink())
		}()
	}
}

// A parcel is bytes on their way, and when they arrive; none: the end.
type parcel struct {
	p  []byte
	at time.Time
}

// parcelSize is small against what is on a link of interest at a time.
const parcelSize = 32 << 10

// carry moves bytes from one connection to the other until either ends. What is
// on its way is bounded by the link: its queue, and what it holds in its delay.
func carry(dst, src net.Conn, l *link) {
	onTheWay := make(chan parcel, 1+int(l.rate*l.delay.Seconds()+float64(l.queue))/512)
	go deliver(dst, src, onTheWay)
	defer close(onTheWay)
	buf := make([]byte, parcelSize)
	for {
		n, err := src.Read(buf)
		now := time.Now()
		if n > 0 {
			onTheWay <- parcel{bytes.Clone(buf[:n]), l.send(now, n)}
		}
		if err != nil {
			onTheWay <- parcel{at: l.send(now, 0)}
			return
		}
		time.Sleep(l.room(now))
	}
}

// deliver writes what arrives, when it does, and the end in its turn.
func deliver(dst, src net.Conn, arriving <-chan parcel) {
	for a := range arriving {
		time.Sleep(time.Until(a.at))
		if a.p == nil {
			if c, ok := dst.(*net.TCPConn); ok {
				c.CloseWrite()
			}
			continue
		}
		if _, err := dst.Write(a.p); err != nil {
			src.Close()
			for range arriving {
			}
			return
		}
	}
}
