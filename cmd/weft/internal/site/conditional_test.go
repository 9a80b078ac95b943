package site

import (
	"strconv"
	"testing"
)

const (
	lastModifiedText = "Tue, 05 Mar 2024 06:07:08 GMT"
	earlier          = "Tue, 05 Mar 2024 06:07:07 GMT"
	later            = "Tue, 05 Mar 2024 06:07:09 GMT"
)

var tag = `"a-` + strconv.FormatInt(mtime.UnixNano(), 16) + `"`

func TestConditions(t *testing.T) {
	_, s := testDir(t)
	for _, tt := range []struct {
		why    string
		fields []string
		want   int
	}{
		{"the same tag", []string{"if-none-match: " + tag}, 304},
		{"weak comparison", []string{"if-none-match: W/" + tag}, 304},
		{"in a list", []string{`if-none-match: "x", W/"y",` + tag + `, "z"`}, 304},
		{"a comma within a tag", []string{`if-none-match: "a,b" , ` + tag}, 304},
		{"any", []string{"if-none-match: *"}, 304},
		{"another tag", []string{`if-none-match: "x"`}, 200},
		{"no tag at all", []string{"if-none-match: x, " + tag}, 200},
		{"an open quote", []string{`if-none-match: "x`}, 200},

		{"not modified since", []string{"if-modified-since: " + lastModifiedText}, 304},
		{"nor since later", []string{"if-modified-since: " + later}, 304},
		{"modified since", []string{"if-modified-since: " + earlier}, 200},
		{"RFC 850's format", []string{"if-modified-since: Tuesday, 05-Mar-24 06:07:08 GMT"}, 304},
		{"asctime's format", []string{"if-modified-since: Tue Mar  5 06:07:08 2024"}, 304},
		{"not a date", []string{"if-modified-since: yesterday"}, 200},
		{"the tag outweighs the date", []string{`if-none-match: "x"`, "if-modified-since: " + later}, 200},
		{"either way", []string{"if-none-match: " + tag, "if-modified-since: " + earlier}, 304},

		{"has to be this one", []string{"if-match: " + tag}, 200},
		{"any existing", []string{"if-match: *"}, 200},
		{"has to be another", []string{`if-match: "x", "y"`}, 412},
		{"strong comparison", []string{"if-match: W/" + tag}, 412},
		{"unmodified", []string{"if-unmodified-since: " + lastModifiedText}, 200},
		{"modified", []string{"if-unmodified-since: " + earlier}, 412},
		{"not a date", []string{"if-unmodified-since: x"}, 200},
		{"if-match outweighs the date", []string{"if-match: " + tag, "if-unmodified-since: " + earlier}, 200},
		{"412 comes before 304", []string{`if-match: "x"`, "if-none-match: " + tag}, 412},
		{"304 comes after a condition that holds", []string{"if-match: " + tag, "if-none-match: " + tag}, 304},

		{"304 comes before 206", []string{"if-none-match: " + tag, "range: bytes=0-1"}, 304},
		{"304 comes before 416", []string{"if-none-match: " + tag, "range: bytes=99-"}, 304},
		{"if-range with the tag", []string{"range: bytes=0-1", "if-range: " + tag}, 206},
		{"if-range compares strongly", []string{"range: bytes=0-1", "if-range: W/" + tag}, 200},
		{"if-range with another tag", []string{"range: bytes=0-1", `if-range: "x"`}, 200},
		{"if-range with the date", []string{"range: bytes=0-1", "if-range: " + lastModifiedText}, 206},
		{"if-range with a later date is no match", []string{"range: bytes=0-1", "if-range: " + later}, 200},
		{"if-range with rubbish", []string{"range: bytes=0-1", "if-range: x"}, 200},
		{"an old if-range also silences a 416", []string{"range: bytes=99-", `if-range: "x"`}, 200},
		{"if-range alone", []string{`if-range: "x"`}, 200},
	} {
		if r, _ := ask(t, s, "GET", "/a.txt", tt.fields...); r.Status != tt.want {
			t.Errorf("%s (%q): %d, want %d", tt.why, tt.fields, r.Status, tt.want)
		}
		want := tt.want
		if want == 206 {
			want = 200 // HEAD has no ranges
		}
		if r, _ := ask(t, s, "HEAD", "/a.txt", tt.fields...); r.Status != want {
			t.Errorf("HEAD, %s (%q): %d, want %d", tt.why, tt.fields, r.Status, want)
		}
	}
	// Conditions apply to what would succeed, and to nothing else (RFC 9110 §13.2.1).
	for path, want := range map[string]int{"/none": 404, "/dir": 301, "/%": 400} {
		if r, _ := ask(t, s, "GET", path, "if-none-match: *"); r.Status != want {
			t.Errorf("%s with if-none-match: %d, want %d", path, r.Status, want)
		}
	}
}

func TestNotModifiedFields(t *testing.T) {
	_, s := testDir(t)
	r, _ := ask(t, s, "GET", "/a.txt", "if-none-match: *")
	if r.Field("etag") != tag || r.Field("last-modified") != lastModifiedText || r.Field("cache-control") == "" || len(r.Header) != 3 {
		t.Errorf("a 304 with %v", r.Header)
	}
}

func TestRanges(t *testing.T) {
	_, s := testDir(t)
	for _, tt := range []struct {
		value  string
		status int
		span   string // content-range
		body   string
	}{
		{"bytes=0-3", 206, "bytes 0-3/10", "0123"},
		{"bytes=4-4", 206, "bytes 4-4/10", "4"},
		{"bytes=4-", 206, "bytes 4-9/10", "456789"},
		{"bytes=0-", 206, "bytes 0-9/10", "0123456789"},
		{"bytes=8-99", 206, "bytes 8-9/10", "89"},
		{"bytes=8-99999999999999999999999", 206, "bytes 8-9/10", "89"},
		{"bytes=-3", 206, "bytes 7-9/10", "789"},
		{"bytes=-99", 206, "bytes 0-9/10", "0123456789"},
		{"bytes=-99999999999999999999999", 206, "bytes 0-9/10", "0123456789"},
		{"BYTES=0-0", 206, "bytes 0-0/10", "0"},
		{"bytes= 0-0 ,", 206, "bytes 0-0/10", "0"},

		{"bytes=10-", 416, "bytes */10", ""},
		{"bytes=99-100", 416, "bytes */10", ""},
		{"bytes=99999999999999999999999-", 416, "bytes */10", ""},
		{"bytes=-0", 416, "bytes */10", ""},

		// Ignored: not one range in bytes.
		{"bytes=0-1,3-4", 200, "", "0123456789"},
		{"bytes=0-1,-1", 200, "", "0123456789"},
		{"bytes=5-4", 200, "", "0123456789"},
		{"bytes=-", 200, "", "0123456789"},
		{"bytes=", 200, "", "0123456789"},
		{"bytes", 200, "", "0123456789"},
		{"bytes=a-b", 200, "", "0123456789"},
		{"bytes=1-b", 200, "", "0123456789"},
		{"bytes=+1-2", 200, "", "0123456789"},
		{"bytes=-1-2", 200, "", "0123456789"},
		{"bytes=--1", 200, "", "0123456789"},
		{"bytes=0x1-2", 200, "", "0123456789"},
		{"lines=0-1", 200, "", "0123456789"},
	} {
		r, body := ask(t, s, "GET", "/a.txt", "range: "+tt.value)
		if r.Status != tt.status || r.Field("content-range") != tt.span {
			t.Errorf("%q: %d %q, want %d %q", tt.value, r.Status, r.Field("content-range"), tt.status, tt.span)
		}
		if tt.status != 416 && body != tt.body {
			t.Errorf("%q: body %q, want %q", tt.value, body, tt.body)
		}
		if r, _ := ask(t, s, "HEAD", "/a.txt", "range: "+tt.value); r.Status != 200 {
			t.Errorf("HEAD with %q: %d, want 200", tt.value, r.Status)
		}
		if r, _ := ask(t, s, "GET", "/empty.txt", "range: "+tt.value); r.Status != 200 {
			t.Errorf("an empty file with %q: %d, want 200", tt.value, r.Status)
		}
	}
}
