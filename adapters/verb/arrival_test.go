package verb

import (
	"fmt"
	"testing"
	"unsafe"

	"weft/events"
)

// Requests that repeat their headers find what others would: whatever other
// requests come between, on their connection or another, and when routes were added
// meanwhile.
func TestRepeatedRequests(t *testing.T) {
	for _, inline := range []bool{true, false} {
		t.Run(fmt.Sprint("inline=", inline), func(t *testing.T) {
			app := newApp().WithOptions(Options{Inline: events.Set(inline)})
			app.Use(func(_ *Request, _ *Response, next Next) { next() })
			app.Get("/a", says("a"))
			app.Post("/a", says("posted"))
			app.Get("/a/:id", func(req *Request, res *Response) error { return res.Text(req.Param("id")) })
			sub := CreateServer(HTTP2)
			sub.Get("/b", says("b"))
			app.Mount("/sub", sub)
			one, two := dial(t, app), dial(t, app)
			ask := func(c *client) {
				t.Helper()
				for range 3 {
					c.get("/a").is(t, 200, "a")
				}
				for range 2 {
					c.do("HEAD", "/a", "").is(t, 200, "")
					c.get("/none").is(t, 404, "Not Found")
				}
				for range 3 {
					c.do("POST", "/a", "").is(t, 200, "posted")
				}
				for range 3 {
					c.do("PUT", "/a", "").is(t, 405, "Method Not Allowed")
				}
				for range 3 {
					c.get("/a/7").is(t, 200, "7")
				}
				for range 3 {
					c.get("/sub/b").is(t, 200, "b")
				}
			}
			ask(one)
			ask(two)
			for range 3 {
				one.get("/a").is(t, 200, "a")
				two.get("/a/7").is(t, 200, "7")
			}
			one.get("/late").is(t, 404, "Not Found")
			one.get("/late").is(t, 404, "Not Found")
			app.Get("/late", says("late"))
			one.get("/late").is(t, 200, "late")
		})
	}
}

// What is attached to each request is as large as costs least: see
// events.AttachmentOf.
func TestCallIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(call{}); size > 64 {
		t.Errorf("a call takes %d bytes, want at most 64", size)
	}
}

// Static routes whose text looks like a query or an escape are for paths that
// escape it, and no others.
func TestExactPaths(t *testing.T) {
	app := newApp()
	app.Get("/a?b", says("question"))
	app.Get("/100%", says("percent"))
	app.Get("/a", says("a"))
	app.Get("/", says("root"))
	c := dial(t, app)
	c.get("/a?b").is(t, 200, "a")
	c.get("/a%3Fb").is(t, 200, "question")
	c.get("/100%25").is(t, 200, "percent")
	c.get("/100%").is(t, 404, "Not Found")
	c.get("/a/").is(t, 200, "a")
	c.get("/?x").is(t, 200, "root")
	c.get("//").is(t, 404, "Not Found")
}
