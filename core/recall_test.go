package core_test

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
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

// A field that is in no table, but comes as it did in the request before, is not
// decoded again: of a long credential and a path that changes, the path alone makes
// a string.
func TestRepeatedLiteralsAreNotDecoded(t *testing.T) {
	c := mustServer(t, manyStreams())
	peer := newPeerBlocks()
	next := greet(t, c, peer, request)
	token := core.Field{Name: "authorization", Value: "Bearer " + strings.Repeat("x9", 500), Sensitive: true}
	const runs = 100
	var blocks [][]byte
	for i := range runs + 10 {
		path := core.Field{Name: ":path", Value: "/a/path/of/its/own/" + strconv.Itoa(i), Sensitive: true}
		blocks = append(blocks, bytes.Clone(peer.encode(append(request[:3:3], path, token))))
	}
	var in, out []byte
	one := func() {
		in = frame.AppendHeaders(in[:0], next, blocks[0], frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
		c.Receive(epoch, in)
		for ev := c.Next(); ev != nil; ev = c.Next() {
			if h, ok := ev.(*core.HeadersReceived); ok && h.Fields[4] != token {
				t.Fatalf("got %v", h.Fields)
			}
		}
		if err := c.Reset(epoch, next, core.NoError); err != nil {
			t.Fatal(err)
		}
		out = c.AppendOutput(out[:0])
		blocks, next = blocks[1:], next+2
	}
	for range 9 {
		one()
	}
	if n := testing.AllocsPerRun(runs, one); n != 1 {
		t.Errorf("%v allocations for a request, want 1", n)
	}
}

// Blocks of many literals, and long ones, are not kept; what they leave behind must
// not be taken for the next one's.
func TestRecallIsBounded(t *testing.T) {
	c := mustServer(t, core.Config{Limits: core.Limits{MaxHeaderList: 1 << 20, MaxHeaderBlock: 1 << 20}, Settings: []core.Setting{{ID: core.SettingMaxFrameSize, Value: 1 << 20}}})
	peer := newPeerBlocks()
	next := greet(t, c, peer, request)
	for i, literals := range []int{2, 16, 17, 40, 16, 40, 2, 3, 17} {
		for _, size := range []int{1, 5000, 1, 90000, 2} {
			fields := append([]core.Field(nil), request...)
			for n := range literals {
				value := strconv.Itoa(n)
				if n == literals/2 {
					value = strings.Repeat("v", size) + strconv.Itoa(i%2)
				}
				fields = append(fields, core.Field{Name: "x-" + strconv.Itoa(n), Value: value, Sensitive: true})
			}
			c.Receive(epoch, frame.AppendHeaders(nil, next, peer.encode(fields), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1))
			var got []core.Field
			for ev := c.Next(); ev != nil; ev = c.Next() {
				h, ok := ev.(*core.HeadersReceived)
				if !ok {
					t.Fatal(ev)
				}
				got = append(got, h.Fields...)
			}
			if diff := cmp.Diff(fields, got); diff != "" {
				t.Fatalf("%d literals, one of %d bytes (-want +got):\n%s", literals, size, diff)
			}
			c.Reset(epoch, next, core.NoError)
			c.AppendOutput(nil)
			next += 2
		}
	}
}

// An index that was good in the block before is not any more when the table has
// lost its field since (RFC 7541 §2.3.3).
func TestRecallFollowsTheTable(t *testing.T) {
	c := mustServer(t, core.Config{})
	peer := newPeerBlocks()
	next := greet(t, c, peer, request, request)
	block := bytes.Clone(peer.encode(request)) // its last byte is user-agent's
	receive := func(block []byte) (last core.Event) {
		c.Receive(epoch, frame.AppendHeaders(nil, next, block, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1))
		next += 2
		for ev := c.Next(); ev != nil; ev = c.Next() {
			last = ev.Clone()
		}
		return last
	}
	if ev, ok := receive(block).(*core.HeadersReceived); !ok || ev.Fields[4] != request[4] {
		t.Fatal(ev)
	}
	ev, ok := receive(append([]byte{0x20}, block...)).(*core.ConnClosed) // a table of no bytes
	if !ok || ev.Fault != core.FaultCompression {
		t.Errorf("got %v", ev)
	}
}
