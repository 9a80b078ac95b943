package core_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
)

// world is a pair and the two users that command it at random.
type world struct {
	*testing.T
	rnd    *rand.Rand
	pair   *coretest.Pair
	actors [2]*actor
}

func newWorld(t *testing.T, rnd *rand.Rand) *world {
	w := &world{T: t, rnd: rnd}
	w.pair = coretest.NewPair(t, w.config(true), w.config(false))
	w.actors[0] = newActor(w, w.pair.Client, w.pair.Server)
	w.actors[1] = newActor(w, w.pair.Server, w.pair.Client)
	w.actors[0].other, w.actors[1].other = w.actors[1], w.actors[0]
	return w
}

const maxOutput = 64 << 10

func (w *world) config(client bool) core.Config {
	cfg := core.Config{
		FixedWindows: w.rnd.IntN(2) == 0,
		Limits:       core.Limits{AbuseBudget: core.Unlimited, MaxOutput: maxOutput, MaxClosedStreams: 1 + w.rnd.IntN(50)},
		Timeouts:     patient,
	}
	switch w.rnd.IntN(4) {
	case 0:
		cfg.Padding = core.PadMax
	case 1:
		cfg.Padding = core.PadAligned
	}
	if w.rnd.IntN(3) == 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingInitialWindowSize, Value: w.rnd.Uint32N(100000)})
	}
	if client {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingEnablePush, Value: w.rnd.Uint32N(2)})
	} else if w.rnd.IntN(2) == 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingMaxConcurrentStreams, Value: 1 + w.rnd.Uint32N(20)})
	}
	return cfg
}

// step lets one thing happen, and checks what must hold then.
func (w *world) step() {
	switch w.rnd.IntN(4) {
	case 0, 1:
		w.actors[w.rnd.IntN(2)].act()
	case 2:
		a := w.actors[w.rnd.IntN(2)]
		if n := a.end.Waiting(); n > 0 {
			w.pair.Move(a.end, a.other.end, 1+w.rnd.IntN(n))
		}
	case 3:
		w.pair.Advance(w.pair.Now.Add(time.Duration(w.rnd.IntN(50)) * time.Millisecond))
	}
	w.check()
}

func (w *world) check() {
	w.Helper()
	for _, a := range w.actors {
		if a.end.Closed != nil {
			w.Fatalf("%s ended: %v", a.name, a.end.Closed)
		}
		if err := a.end.Conn.CheckBooks(); err != nil {
			w.Fatalf("%s: %v", a.name, err)
		}
	}
}

// settle lets everybody read and send what they still have, until nothing
// moves any more: nobody may wait for credit that everybody has given.
func (w *world) settle() {
	for _, a := range w.actors {
		a.eager = true
		a.end.Conn.UpdateSettings(w.pair.Now, []core.Setting{{ID: core.SettingInitialWindowSize, Value: 1 << 20}})
		a.end.Conn.SetConnWindow(16 << 20)
		a.consumeAll()
	}
	for range 200 {
		w.pair.Flow()
		for _, a := range w.actors {
			a.consumeAll()
			a.sendAll()
		}
		w.pair.Advance(w.pair.Now.Add(100 * time.Millisecond))
		w.check()
	}
	for _, a := range w.actors {
		for _, id := range a.ids() {
			s := a.streams[id]
			if info, ok := a.end.Conn.Stream(id); ok && len(s.queue) > 0 && info.State != core.StateReservedLocal {
				w.Errorf("%s: stream %d still has %d bytes to send: %+v", a.name, id, len(s.queue), info)
			}
		}
	}
}
