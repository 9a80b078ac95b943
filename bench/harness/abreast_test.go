package main

import (
	"errors"
	"math"
	"testing"
	"time"
)

// A machine that gets slower all the time makes nothing look as if it grew.
func TestInTurn(t *testing.T) {
	calls, fallen := 0, errors.New("fallen")
	scene := func(cost float64) func() (effort, error) {
		return func() (effort, error) {
			calls++
			slow := 1 + 0.1*float64(calls)
			return effort{time.Duration(cost * slow * 1e6), 1000}, nil
		}
	}
	broken := func() (effort, error) { return effort{}, fallen }
	out := inTurn(4, []func() (effort, error){scene(1), scene(1), broken, scene(2)})
	if calls != 3*5 {
		t.Errorf("%d measurements, want 4 of each that stands and one that does not count", calls)
	}
	for i, want := range []float64{1, 1, 0, 2} {
		got := out[i]
		switch {
		case want == 0:
			if !errors.Is(got.err, fallen) || got.sample != nil {
				t.Errorf("the broken one: %v, %v", got.sample, got.err)
			}
		case got.err != nil:
			t.Error(got.err)
		case i > 0 && math.Abs(got.sample["growth"]-want) > 1e-5:
			t.Errorf("growth of scene %d is %v, want %v", i, got.sample["growth"], want)
		}
	}
	// Its turns that count were the 6th, 7th, 12th and 13th measurement.
	if got := out[0].sample; len(got) != 1 || math.Abs(got["cpu"]-1.95) > 1e-5 {
		t.Errorf("the first: %v", got)
	}
	out = inTurn(1, []func() (effort, error){broken, scene(1)})
	if _, ok := out[1].sample["growth"]; ok || out[1].err != nil {
		t.Errorf("beside a first that failed: %v, %v", out[1].sample, out[1].err)
	}
}
