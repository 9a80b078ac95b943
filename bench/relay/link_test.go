package main

import (
	"testing"
	"time"
)

func TestLink(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	l := &link{rate: 1000, delay: 50 * time.Millisecond, queue: 10}
	if got := l.send(at(0), 20); !got.Equal(at(20 + 50)) {
		t.Errorf("20 bytes at 1000 a second arrive at %v", got.Sub(start))
	}
	if got := l.send(at(5), 10); !got.Equal(at(30 + 50)) {
		t.Errorf("10 more behind them arrive at %v", got.Sub(start))
	}
	if got := l.room(at(5)); got != 15*time.Millisecond {
		t.Errorf("with 25 bytes waiting there is room after %v, want when 10 are left", got)
	}
	if got := l.room(at(25)); got != 0 {
		t.Errorf("with 5 bytes waiting there is room after %v", got)
	}
	if got := l.send(at(100), 1); !got.Equal(at(101 + 50)) {
		t.Errorf("a byte on an idle link arrives at %v", got.Sub(start))
	}
}
