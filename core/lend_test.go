package core_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
)

// One connection copies all it sends and another lends what it can; whatever
// they are told, the same bytes come out, and the same accounts stand.
func TestPieces(t *testing.T) {
	long := strings.Repeat("All that is solid melts into air. ", 8<<10)
	lent := 0
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		cfg := core.Config{ReportedWrites: true}
		switch rnd.IntN(3) {
		case 0:
			cfg.Padding = core.PadMax
		case 1:
			cfg.Padding = core.PadAligned
		}
		push := rnd.Uint32N(2)
		pair := [2]*core.Conn{mustServer(t, cfg), mustServer(t, cfg)}
		peer := coretest.NewPeer()
		peer.Preface().Settings(
			core.Setting{ID: core.SettingEnablePush, Value: push},
			core.Setting{ID: core.SettingInitialWindowSize, Value: 10 << 20},
			core.Setting{ID: core.SettingMaxFrameSize, Value: 16<<10 + rnd.Uint32N(40<<10)},
		).SettingsAck().WindowUpdate(0, 1<<30)
		for id := core.StreamID(1); id < 20; id += 2 {
			peer.Headers(id, true, coretest.Request("GET", "/")...)
		}
		input := peer.Bytes()
		var begun [20]bool
		for _, c := range pair {
			c.Receive(epoch, input)
			for range c.Events {
			}
		}
		pair[1].TakePieces()
		both := func(f func(c *core.Conn, lends bool) string) {
			t.Helper()
			if a, b := f(pair[0], false), f(pair[1], true); a != b {
				t.Fatalf("seed %d: %s, and with pieces %s", seed, a, b)
			}
		}
		flush := func() {
			want := pair[0].SwapOutput(nil)
			var got []byte
			if rnd.IntN(4) == 0 {
				got = pair[1].AppendOutput(nil)
			} else {
				out, pieces := pair[1].SwapPieces(nil)
				lent += len(pieces)
				got = core.AppendPieces(nil, out, pieces)
			}
			if !bytes.Equal(want, got) {
				t.Fatalf("seed %d: other bytes with pieces: %d and %d", seed, len(want), len(got))
			}
			for _, c := range pair {
				if n := c.OutputPending(); n > 0 {
					c.Wrote(epoch, n)
				}
				for range c.Events {
				}
			}
		}
		for range 60 {
			id := core.StreamID(1 + 2*rnd.IntN(10))
			size := rnd.IntN(len(long) >> rnd.IntN(10))
			end := rnd.IntN(4) == 0
			switch op := rnd.IntN(8); {
			case op == 0:
				flush()
			case op == 1:
				both(func(c *core.Conn, _ bool) string {
					_, err := c.Push(epoch, id, coretest.Request("GET", "/pushed"))
					return fmt.Sprint(err)
				})
			case !begun[id]:
				begun[id] = true
				both(func(c *core.Conn, _ bool) string {
					return fmt.Sprint(c.Headers(epoch, id, []core.Field{{Name: ":status", Value: "200"}}, false))
				})
			default:
				both(func(c *core.Conn, lends bool) string {
					var n int
					var err error
					if lends {
						n, err = c.SendString(epoch, id, long[:size], end)
					} else {
						n, err = c.Send(epoch, id, []byte(long[:size]), end)
					}
					return fmt.Sprint(n, err)
				})
			}
			both(func(c *core.Conn, _ bool) string { return fmt.Sprintf("%+v %v", c.Info(), c.ReadPaused()) })
		}
		flush()
	}
	if lent < 1000 {
		t.Errorf("only %d pieces: nothing was shown", lent)
	}
}
