package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

var errUnprocessed = &Error{Code: "x", Unprocessed: true}

// Attempts are few, and further and further apart, by no more than is said.
func TestRetry(t *testing.T) {
	for _, x := range []struct {
		b     Backoff
		waits []time.Duration // the longest
	}{
		{Backoff{}, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}},
		{Backoff{Attempts: 1}, nil},
		{Backoff{Attempts: 6, First: 10 * time.Second}, []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second}},
		{Backoff{First: time.Minute, Max: time.Second}, []time.Duration{time.Second, time.Second}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			err := Retry(context.Background(), x.b, func(context.Context) error {
				at = append(at, time.Now())
				return fmt.Errorf("the last: %w", errUnprocessed)
			})
			if !errors.Is(err, errUnprocessed) {
				t.Errorf("%+v: %v", x.b, err)
			}
			if len(at) != len(x.waits)+1 {
				t.Fatalf("%+v: %d attempts, want %d", x.b, len(at), len(x.waits)+1)
			}
			for i, most := range x.waits {
				if got := at[i+1].Sub(at[i]); got > most || got < most/2 {
					t.Errorf("%+v: wait %d is %v, want %v to %v", x.b, i, got, most/2, most)
				}
			}
		})
	}
}

// What the server may have acted on is not tried again, and neither is what works.
func TestRetryNot(t *testing.T) {
	for _, err := range []error{nil, io.EOF, ErrInvalidStream, context.Canceled, fmt.Errorf("x: %w", &Error{Code: "x"})} {
		n := 0
		got := Retry(context.Background(), Backoff{}, func(context.Context) error { n++; return err })
		if got != err || n != 1 {
			t.Errorf("%v: %v after %d calls", err, got, n)
		}
	}
	for _, b := range []Backoff{{Attempts: -1}, {First: -1}, {Max: -1}} {
		err := Retry(context.Background(), b, func(context.Context) error { t.Error("called"); return nil })
		if !errors.Is(err, ErrOutOfRange) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

// Who waits stops with the context, and says both why.
func TestRetryContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		n, begun := 0, time.Now()
		err := Retry(ctx, Backoff{First: time.Minute, Max: time.Minute}, func(context.Context) error { n++; return errUnprocessed })
		if n != 1 || time.Since(begun) != time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errUnprocessed) {
			t.Errorf("%d calls, %v, %v", n, time.Since(begun), err)
		}
	})
}
