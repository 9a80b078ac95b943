package core

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever comes and goes, of both sides, the table finds what a map does, and
// keeps no more than the newest few out of the table by id.
func TestStreamTableIsAMap(t *testing.T) {
	for _, most := range []int{1, fewStreams, fewStreams + 1, 50} {
		r := rand.New(rand.NewPCG(1, uint64(most)))
		var table streamTable
		next := [2]StreamID{2, 1}
		want := make(map[StreamID]*stream)
		var ids []StreamID
		for i := range 20000 {
			switch {
			case len(ids) < most && r.IntN(2) == 0:
				id := next[r.IntN(2)]
				next[id&1] += 2 + 2*StreamID(r.IntN(2)) // not every id is used
				want[id] = table.add(id)
				ids = append(ids, id)
			case len(ids) > 0:
				k := r.IntN(len(ids))
				table.remove(want[ids[k]])
				delete(want, ids[k])
				ids = append(ids[:k], ids[k+1:]...)
			}
			if r.IntN(1000) == 0 {
				table.trim()
			}
			for range 5 {
				if id := StreamID(r.IntN(int(max(next[0], next[1])))) + 1; table.find(id) != want[id] {
					t.Fatalf("at most %d, step %d: stream %d is another's", most, i, id)
				}
			}
			for _, id := range ids {
				if table.find(id) != want[id] {
					t.Fatalf("at most %d, step %d: stream %d is not found", most, i, id)
				}
			}
			newest := int(table.size)
			if table.older != nil {
				newest -= table.older.byID.Len()
			}
			if int(table.size) != len(ids) || newest > fewStreams {
				t.Fatalf("at most %d, step %d: %d streams of %d, %d without a table", most, i, table.size, len(ids), newest)
			}
		}
	}
}

// Requests that are answered at once never come near the table in which thousands
// of others are: beside those they cost what they cost alone.
func TestShortStreamsNeedNoTable(t *testing.T) {
	now := time.Unix(0, 0)
	settings := []Setting{{ID: SettingMaxConcurrentStreams, Value: 2000}}
	client, err := NewClient(now, Config{})
	if err != nil {
		t.Fatal(err)
	}
	server, err := NewServer(now, Config{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	pass := func() {
		server.Receive(now, client.AppendOutput(nil))
		for ev := range server.Events {
			if h, ok := ev.(*HeadersReceived); ok && h.EndStream {
				if err := server.Headers(now, h.Stream, []Field{{Name: ":status", Value: "204"}}, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		client.Receive(now, server.AppendOutput(nil))
		for client.Next() != nil {
		}
	}
	open := func(end bool) {
		if _, err := client.Open(now, []Field{
			{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "a"}, {Name: ":path", Value: "/"},
		}, end); err != nil {
			t.Fatal(err)
		}
	}
	pass()
	for range 1000 {
		open(false)
		pass()
	}
	older := server.streams.older
	if older == nil || older.byID.Len() != 1000-fewStreams {
		t.Fatalf("%+v of 1000 open streams are in the table", older)
	}
	open(true) // takes the oldest of the newest few there, the last to go
	pass()
	before := older.highest
	for range 1000 {
		open(true)
		open(true)
		pass()
	}
	if older.highest != before {
		t.Errorf("streams up to %d were put into the table, without any short one up to %d", older.highest, before)
	}
}
