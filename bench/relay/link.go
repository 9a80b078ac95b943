package main

import "time"

// A link says when bytes that are given to it leave and arrive. It is one
// direction of one connection.
type link struct {
	rate  float64 // bytes a second
	delay time.Duration
	queue int       // bytes that may wait to leave
	free  time.Time // when all it was given has left
}

// send gives n bytes to the link at now and returns when the last of them
// arrives.
func (l *link) send(now time.Time, n int) (arrives time.Time) {
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(l.lasts(n))
	return l.free.Add(l.delay)
}

// room returns how long to wait at now until the queue is not full.
func (l *link) room(now time.Time) time.Duration {
	return max(0, l.free.Sub(now)-l.lasts(l.queue))
}

func (l *link) lasts(n int) time.Duration {
	return time.Duration(float64(n) / l.rate * float64(time.Second))
}
