package core_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"weft/core"
	"weft/core/frame"

	"github.com/google/go-cmp/cmp"
)

// Whatever stood in the blocks before, and however the table moved between them,
// a block decodes to what its sender meant.
func TestBlocksDecodeAlone(t *testing.T) {
	names := []string{"accept", "accept-language", "x-a", "x-b", "x-c", "user-agent", "cookie", "cookie", "referer", "range"}
	values := []string{"", "1", "2", "a value that is a good deal longer than the others, and so takes room", "gzip"}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		c := mustServer(t, core.Config{Limits: core.Limits{MaxHeaderList: 600, MaxHeaderFields: 14}})
		in := append([]byte(core.Preface), frame.AppendSettings(nil, nil)...)
		in = frame.AppendSettingsAck(in)
		peer := newPeerBlocks()
		var last []core.Field
		for id := core.StreamID(1); id < 100; id += 2 {
			fields := append([]core.Field(nil), request...)
			switch rnd.IntN(4) {
			case 0: // one field other than before
				if len(last) > len(request) {
					fields = append([]core.Field(nil), last...)
					fields[len(request)+rnd.IntN(len(last)-len(request))].Value = strconv.Itoa(rnd.IntN(3))
				}
			case 1: // as before
				if last != nil {
					fields = last
				}
			default:
				for range rnd.IntN(12) {
					fields = append(fields, core.Field{Name: names[rnd.IntN(len(names))], Value: values[rnd.IntN(len(values))], Sensitive: rnd.IntN(3) == 0})
				}
			}
			last = fields
			if rnd.IntN(20) == 0 {
				peer.enc.SetMaxDynamicTableSize(uint32(rnd.IntN(400)))
			}
			in = frame.AppendHeaders(in, id, peer.encode(fields), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
			c.Receive(epoch, in)
			in = in[:0]
			want := joined(fields)
			for ev := range c.Events {
				switch ev := ev.(type) {
				case *core.HeadersReceived:
					if diff := cmp.Diff(want, ev.Fields); diff != "" {
						t.Fatalf("seed %d, stream %d (-want +got):\n%s", seed, id, diff)
					}
					want = nil
				case *core.StreamReset, *core.SettingsReceived, *core.SettingsAcked:
				case *core.ConnClosed:
					t.Fatalf("seed %d, stream %d: %v", seed, id, ev)
				}
			}
			if want != nil && fits(fields) {
				t.Fatalf("seed %d, stream %d: %v did not come", seed, id, fields)
			}
			c.AppendOutput(nil)
			if err := c.Headers(epoch, id, []core.Field{{Name: ":status", Value: "204"}}, true); err != nil && fits(fields) {
				t.Fatalf("seed %d, stream %d: %v", seed, id, err)
			}
			c.AppendOutput(nil)
		}
	}
}

func fits(fields []core.Field) bool {
	size := 0
	for i := range fields {
		size += fields[i].Size()
	}
	return size <= 600 && len(fields) <= 14
}

// joined has the cookies in one field, at the place of the first.
func joined(fields []core.Field) (list []core.Field) {
	at := -1
	for _, f := range fields {
		switch {
		case f.Name == "cookie" && at >= 0:
			list[at].Value += "; " + f.Value
			list[at].Sensitive = list[at].Sensitive || f.Sensitive
			continue
		case f.Name == "cookie":
			at = len(list)
		}
		list = append(list, f)
	}
	return list
}
