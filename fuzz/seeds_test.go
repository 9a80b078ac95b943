package fuzz

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"weft/core"
	"weft/core/frame"
)

// Seeds are written by hand where a story is to be told, and beside them come
// some from a random source with a fixed seed, which already reach most of what
// the fuzzer then varies.

// parts puts a seed together from bytes and numbers.
func parts(list ...any) (b []byte) {
	for _, x := range list {
		switch x := x.(type) {
		case int:
			b = append(b, byte(x))
		case []byte:
			b = append(b, x...)
		}
	}
	return b
}

// doing is a round of the application, peering one of the peer.
func doing(act int, args ...any) []byte { return parts(roundAct, act, parts(args...)) }

func peering(step int, args ...any) []byte { return parts(roundPeer, step, parts(args...), 1) }

// random is n bytes that are the same each time.
func random(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

type singleSeed struct {
	bits   uint64
	script []byte
	wire   []byte
}

// Flags of the peer's header blocks (peer_test.go).
const (
	plain    = 0
	ending   = 1
	prio     = 4
	inPieces = 8
	padded   = 0x10
)

// The first entries of the tables of sizes and numbers (tape_test.go).
const (
	size0, size1, size2, size10, size100, size16384, size65535 = 0, 1, 2, 6, 7, 16, 21
	num0, num1, num4096, num65535, numMax, numOver, numAll     = 0, 1, 9, 13, 21, 22, 23
)

const last, any1, ownNext = 0x00, 0x41, 0x80

func singleSeeds(client bool) (list []singleSeed) {
	add := func(bits uint64, wire []byte, script ...any) {
		list = append(list, singleSeed{bits, parts(script...), wire})
	}
	// How the application behaves: see newSingle.
	const greedy, writes, answers, lazy = 4, 8, 16, 32
	all := uint64(greedy | writes | answers)
	if client {
		exchange := parts(
			doing(actOpen, 0, 1), peering(stepHeaders, any1, 0, 1, plain), peering(stepData, last, plain, size100),
			peering(stepEnd, last), peering(stepSettingsAck))
		add(greedy, nil, exchange, exchange)
		add(greedy, nil, doing(actOpen, 3, 0), doing(actSend, 0, size100, 0), doing(actSend, 0, size10, 1),
			peering(stepHeaders, any1, 0, 10, plain), peering(stepHeaders, any1, 0, 1, plain),
			peering(stepData, last, padded, size2, 9), peering(stepHeaders, last, 1, 0, ending), doing(actConsume, 0, 3))
		add(all, nil, doing(actOpen, 5, 0), doing(actSend, 0, size65535, 0), peering(stepWindow, 0x40, num65535),
			peering(stepWindow, any1, num65535), peering(stepReset, any1, 8), doing(actSend, 0, size100, 1))
		add(greedy, nil, doing(actOpen, 1, 1), peering(stepHeaders, any1, 0, 9, inPieces, size10, size100, size16384),
			peering(stepGoAway, any1, 0, 3, 'b', 'y', 'e'))
		// Pushes, for ENABLE_PUSH=1.
		for push := range uint64(6) {
			add(greedy+64*push*6*4*6, nil, doing(actOpen, 0, 1), peering(stepPush, any1, plain, 1), peering(stepPush, any1, padded, 6, 7),
				peering(stepHeaders, 0x42, 0, 11, plain), peering(stepHeaders, 0x42, 0, 1, plain), peering(stepData, 0x42, ending, size10),
				peering(stepHeaders, 0x44, 0, 0, ending), doing(actReset, 0, 8), peering(stepEnd, any1))
		}
		add(greedy, nil, doing(actOpen, 9, 0), doing(actUpdatePriority, 0x80, 1), doing(actPing, 5), doing(actShutdown),
			peering(stepAltSvc, 0x40, 1), peering(stepOrigin, 0, 1), peering(stepPingAck, 5, 0))
	} else {
		get := peering(stepOpen, 0, 0, ending)
		post := parts(peering(stepOpen, 0, 3, plain), peering(stepData, last, plain, size100), peering(stepData, last, ending|padded, size10, 20))
		add(all, nil, get, peering(stepSettingsAck), get, get, post)
		add(greedy|writes, nil, post, doing(actHeaders, 0, 1, 0), doing(actSend, 0, 8, 0), doing(actSend, 0, size65535, 1),
			peering(stepWindow, last, num65535), peering(stepWindow, 0x40, num65535), peering(stepReset, last, 8))
		// Continuations, padding, priorities, trailers.
		add(all, nil, peering(stepOpen, 0, 16, inPieces|padded|prio, any1, 1, 200, size10, 3, size100, size16384),
			peering(stepOpen, 0, 13, ending|prio, any1, 0, 255), peering(stepPriority, 0x43, 0x47, 1, 9),
			peering(stepOpen, 0, 2, plain), peering(stepData, last, plain, 3), peering(stepHeaders, last, 1, 3, ending|inPieces, size100))
		// A tree of priorities, with cycles and ids that have no stream.
		var tree []byte
		for i := range 12 {
			tree = append(tree, peering(stepPriority, 0x41+i, 0x41+(i*7+3)%13, i&1, i*20)...)
		}
		add(greedy|writes, nil, tree, get, get, doing(actHeaders, 0, 0, 0), doing(actHeaders, 1, 0, 0),
			doing(actSend, 0, size65535, 0), doing(actSend, 1, size65535, 0), tree, peering(stepWindow, 0x40, num65535), tree)
		// Table sizes, up and down.
		for _, n := range []int{num0, num1, 5, num4096, num65535, numAll} {
			add(all, nil, peering(stepTable, numAll, n), get, get, peering(stepSettings, 2, 1, n, 1, num4096), get, peering(stepSplit, ownNext+1, 14, size10, size1))
		}
		// Settings at their edges.
		for id := range 11 {
			for _, n := range []int{num0, num1, 10, 11, num65535, 17, numMax, numOver, numAll} {
				add(all, nil, get, doing(actHeaders, 0, 0, 0), doing(actSend, 0, size100, 0), peering(stepSettings, 1, id, n), get, doing(actSend, 0, size65535, 1))
			}
		}
		add(greedy, nil, get, doing(actPush, 0, 1), doing(actHeaders, 0, 11, 0), doing(actHeaders, 0, 0, 0), doing(actSend, 0, size10, 1), get, doing(actHold, 0), doing(actReset, 0, 2), doing(actRelease, 0))
		add(all, nil, peering(stepPriorityUpdate, 0x47, 1), peering(stepPriorityUpdate, last, 2), get, doing(actAltSvc, 0, 0), doing(actOrigin, 0, 1), doing(actShutdown), get, parts(roundTime, 8, 1))
		add(lazy|all, nil, bytes.Repeat(peering(stepPing, 1), 140), parts(roundTake))
		add(all, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		add(3|all, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		add(3|all, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"))
		add(3|all, exchangeBytes(), roundRaw, 63, roundFeed, size10)
	}
	// Every frame with every small payload at every kind of stream.
	for typ := range 0x12 {
		for _, n := range []int{0, 1, 4, 5, 6, 8, 9} {
			for _, id := range []int{0x40, 0x41, 0x42, 0x43, 0xb0} {
				add(all, nil, doing(actOpen, 0, 0), peering(stepOpen, 0, 0, plain),
					peering(stepFrame, typ, 0x0d, id, n, bytes.Repeat([]byte{1}, n)), peering(stepFrame, typ, 4, id, n, make([]byte, n)))
			}
		}
	}
	for seed := range uint64(60) {
		b := random(seed, 16)
		bits := uint64(0)
		for _, x := range b[:6] {
			bits = bits<<8 | uint64(x)
		}
		add(bits|all, random(seed+1000, 200), random(seed, 300))
	}
	return list
}

// configured finds the bits of a configuration that is as wanted.
func configured(client, calm bool, wanted func(core.Config) bool) uint64 {
	r := rand.New(rand.NewPCG(7, 7))
	for {
		if bits := r.Uint64() % (1 << 27); wanted(config(bits, client, calm)) {
			return bits
		}
	}
}

func announces(cfg core.Config, id core.SettingID, value uint32) bool {
	return slices.Contains(cfg.Settings, core.Setting{ID: id, Value: value})
}

// pairBits puts the bits of a pair together: see newPair.
func pairBits(early, behaviour int, client, server uint64) uint64 {
	return uint64(early) | uint64(behaviour)<<1 | client<<4 | uint64(behaviour)<<34 | server<<37
}

type pairSeed struct {
	bits   uint64
	script []byte
}

func pairSeeds() (list []pairSeed) {
	add := func(bits uint64, script ...any) {
		list = append(list, pairSeed{bits, parts(script...)})
	}
	up := func(act int, args ...any) []byte { return parts(turnClient, act, parts(args...)) }
	down := func(act int, args ...any) []byte { return parts(turnServer, act, parts(args...)) }
	const all = turnAll
	get := parts(up(actOpen, 0, 1), all, down(actHeaders, 0, 1, 0), down(actSend, 0, 8, 0), down(actSend, 0, 5, 1), all)
	post := parts(up(actOpen, 3, 0), up(actSend, 0, size65535, 1), all, down(actHeaders, 0, 0, 0), down(actConsume, 0, 3), all, down(actSend, 0, size65535, 1), all, up(actConsume, 0, 3), all)
	var configs []uint64
	for n := range uint64(40) {
		b := random(n, 8)
		configs = append(configs, uint64(b[0])|uint64(b[1])<<8|uint64(b[2])<<16|uint64(b[3])<<24|uint64(b[4])<<32|uint64(b[5])<<40|uint64(b[6])<<48)
	}
	for _, bits := range append(configs, 0, 7, 8*7) {
		add(bits, get, post, get, turnSettle, post)
		add(bits, up(actOpen, 3, 0), turnTime, 3, up(actSend, 0, size65535, 0), all, turnTime, 3, all, up(actSend, 0, size65535, 0), all, down(actConsume, 0, 3), all, turnTime, 3, all, up(actSettings, 1, 4, numMax), all)
	}
	// Trailers, interim responses, pushes, shutdowns, resets in flight.
	add(7, up(actOpen, 3, 0), up(actHeaders, 0, 0, 1), all, down(actHeaders, 0, 10, 0), down(actHeaders, 0, 0, 0), down(actHeaders, 0, 1, 1), all)
	for n := range uint64(6) {
		add(8*n*24*6*8+7, up(actSettings, 1, 2, num1), turnSettle, up(actOpen, 0, 1), all, down(actPush, 0, 1), down(actPush, 1, 6), all, down(actHeaders, 0, 11, 0), down(actHeaders, 0, 0, 1), down(actHeaders, 1, 0, 0), down(actSend, 1, 8, 1), all, up(actReset, 1, 8), all)
	}
	for bits := range uint64(4) {
		add(bits, up(actOpen, 0, 1), all, down(actShutdown), down(actHeaders, 0, 0, 1), all, up(actShutdown), all)
		add(bits, up(actOpen, 0, 1), up(actOpen, 3, 0), turnSettle, down(actHeaders, 0, 0, 0), down(actSend, 0, size100, 0), turnSettle)
		add(bits, up(actOpen, 0, 1), turnSettle, down(actHeaders, 0, 0, 0), up(actShutdown), turnSettle, down(actHeaders, 0, 0, 1), turnSettle)
	}
	add(7, up(actOpen, 3, 0), all, up(actReset, 0, 8), down(actHeaders, 0, 0, 0), down(actSend, 0, size65535, 1), turnSettle, get)
	add(7, up(actOpen, 3, 0), all, up(actSettings, 3, 1, num0, 3, num1, 4, num0), down(actSettings, 3, 1, 5, 3, num1, 4, numMax), get, post, turnSettle)
	add(7, up(actOpen, 3, 0), all, up(actGoAway, 0, 0), down(actGoAway, 0, 0, 0), down(actGoAway, 2, 255, 9), all, up(actClose, 2), all)
	add(7, up(actOpen, 3, 0), all, down(actConnWindow, num0), down(actConnWindow, 14), up(actConnWindow, numMax), post, turnSettle, down(actConnWindow, 16), post)
	add(7, up(actOpenPriority, 0, 1, 0x80, 0, 9), up(actOpenPriority, 1, 1, 0, 1, 200), all, up(actPrioritize, 0, 0, 1, 1, 3), up(actUpdatePriority, 1, 1), up(actUpdatePriority, 0xa8, 2), all, down(actHeaders, 0, 0, 0), down(actHeaders, 1, 0, 0), down(actSend, 0, size65535, 1), down(actSend, 1, size65535, 1), turnSettle)
	add(7, down(actAltSvc, 0x80, 1), down(actOrigin, 0, 1), down(actWriteFrame, 0, 9, 0, size100), up(actWriteFrame, 1, 255, 0xff, size2), up(actPing, 0), down(actPing, 7), turnSettle)
	// A client that takes one promise at a time, and promises that end in every
	// way there is.
	pushes := pairBits(0, 7, configured(true, true, func(cfg core.Config) bool {
		return cfg.MaxReserved == 1 && announces(cfg, core.SettingEnablePush, 1)
	}), 0)
	promise := down(actPush, 0, 1)
	add(pushes, up(actOpen, 3, 0), turnSettle, promise, turnSettle, up(actReset, 0, 8), turnSettle, promise, turnSettle,
		down(actHeaders, 0, 0, 1), turnSettle, promise, turnSettle, down(actHeaders, 0, 11, 0), turnSettle, promise, turnSettle,
		down(actReset, 0, 2), turnSettle, promise, turnTime, 9, turnSettle, promise, promise, turnSettle)
	// Table sizes that go down although the table is small enough, and blocks
	// without fields.
	tables := pairBits(0, 7, configured(true, true, func(cfg core.Config) bool { return cfg.EncoderTable == 60 }),
		configured(false, true, func(cfg core.Config) bool { return announces(cfg, core.SettingHeaderTableSize, 1<<16) }))
	shrink := func(n int) []byte { return parts(down(actSettings, 1, 1, n), up(actSettings, 1, 1, n), turnSettle) }
	add(tables, shrink(num4096), get, shrink(8), get, shrink(5), up(actOpen, 3, 0), shrink(num1), up(actHeaders, 0, 1, 1), turnSettle,
		shrink(num4096), down(actSettings, 1, 1, num0), down(actSettings, 1, 1, num65535), turnSettle, get)
	// Windows: shut by settings, grown, and shut again.
	wide := pairBits(0, 7, configured(true, true, func(cfg core.Config) bool { return cfg.FixedWindows }),
		configured(false, true, func(cfg core.Config) bool { return cfg.MaxWindow == 1<<31-1 && !cfg.FixedWindows }))
	for _, n := range []int{num0, num1, 5, numMax} {
		add(wide, up(actOpen, 3, 0), turnTime, 3, all, turnTime, 3, all, up(actSend, 0, size65535, 0), all, turnTime, 2, all,
			down(actSettings, 1, 4, n), up(actSend, 0, size65535, 0), all, down(actConnWindow, 14), down(actConnWindow, 15), all,
			up(actSend, 0, 13, 0), turnSettle, down(actSettings, 1, 4, num65535), turnSettle, up(actSend, 0, 0, 1))
	}
	for seed := range uint64(60) {
		add(configs[seed%40], random(seed+2000, 250))
	}
	return list
}

// exchangeBytes is what a client sends for two requests, as bytes.
func exchangeBytes() []byte {
	p := newPeer(true)
	p.hello(frame.Setting{ID: core.SettingEnablePush, Value: 0}, frame.Setting{ID: core.SettingInitialWindowSize, Value: 1 << 20})
	p.out = frame.AppendWindowUpdate(p.out, 0, 1<<20)
	p.out = frame.AppendHeaders(p.out, 1, p.encode(requests[1]), frame.FlagEndStream|frame.FlagEndHeaders, &frame.PriorityParam{Weight: 201}, -1)
	p.out = frame.AppendSettingsAck(p.out)
	fragment := p.encode(requests[3])
	p.out = frame.AppendHeaders(p.out, 3, fragment[:9], 0, nil, 3)
	p.out = frame.AppendContinuation(p.out, 3, fragment[9:], true)
	p.out = frame.AppendData(p.out, 3, []byte("hello, "), false, -1)
	p.out = frame.AppendPing(p.out, false, [8]byte{1, 2, 3})
	p.out = frame.AppendData(p.out, 3, []byte("world"), false, 17)
	p.out = frame.AppendHeaders(p.out, 3, p.encode(trailers[0]), frame.FlagEndStream|frame.FlagEndHeaders, nil, -1)
	p.out = frame.AppendRSTStream(p.out, 1, frame.Cancel)
	p.out = frame.AppendGoAway(p.out, frame.GoAwayFrame{})
	return p.out
}
