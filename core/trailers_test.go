package core_test

import (
	"testing"
	"time"

	"weft/core"
)

// FitsTrailers says of a name what sending trailers with it says.
func TestFitsTrailers(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string]bool{
		"x-sum": true, "grpc-status": true, "etag": true, "server-timing": true, "digest": true,
		"content-length": false, "content-type": false, "content-encoding": false, "host": false, "trailer": false, "te": false,
		"authorization": false, "set-cookie": false, "cookie": false, "date": false, "cache-control": false,
		"connection": false, "keep-alive": false, "transfer-encoding": false, "upgrade": false,
		":status": false, ":path": false, "": false, "X": false, "a b": false,
	} {
		c, err := core.NewClient(now, core.Config{})
		if err != nil {
			t.Fatal(err)
		}
		id, err := c.Open(now, []core.Field{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"},
			{Name: ":authority", Value: "example.org"}, {Name: ":path", Value: "/"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Headers(now, id, []core.Field{{Name: name, Value: "1"}}, true)
		if got := core.FitsTrailers(name); got != want || got != (err == nil) {
			t.Errorf("%q: %v, want %v; sending says %v", name, got, want, err)
		}
	}
}
