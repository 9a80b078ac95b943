package main

import (
	"context"
	"errors"
	"net"
	"strconv"

	"weft/adapters/verb"
	"weft/events"
	"weft/internal/answers"
)

// serveVerb serves with the Express-like API: an application of five middlewares
// and a hundred routes. Its handlers wait for nothing but bodies.
func serveVerb(ctx context.Context, l net.Listener, secure bool) error { return serveApp(l, true) }

// serveVerbGoroutine is the same with a goroutine for each request.
func serveVerbGoroutine(ctx context.Context, l net.Listener, secure bool) error {
	return serveApp(l, false)
}

func serveApp(l net.Listener, inline bool) error {
	if window > 0 || table >= 0 {
		return errors.New("-window and -table are not for -api verb")
	}
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{
		Inline: events.Set(inline),
		HTTP2:  verb.HTTP2Options{Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(maxStreams))}},
	})
	for range 5 {
		app.Use(func(_ *verb.Request, _ *verb.Response, next verb.Next) { next() })
	}
	for i := range 46 {
		n := strconv.Itoa(i)
		says := func(_ *verb.Request, res *verb.Response) error { return res.Text(n) }
		app.Get("/static/"+n, says)
		app.Get("/items"+n+"/:id", says)
	}
	for path, a := range answers.All {
		body, whole := a.Whole()
		app.Get(path, func(_ *verb.Request, res *verb.Response) error {
			for _, f := range a.Fields[1:] {
				res.Header(f.Name, f.Value)
			}
			if !whole {
				return res.SendFrom(a.Reader(), a.Size)
			}
			return res.Text(body)
		})
	}
	app.Post("/*", func(req *verb.Request, res *verb.Response) error {
		n := 0
		for p, body := make([]byte, 16<<10), req.Body(); ; {
			k, err := body.Read(p)
			if n += k; err == nil {
				continue
			}
			if req.Context().Err() != nil {
				return err
			}
			return res.Header("content-type", "text/plain").Send([]byte(strconv.Itoa(n)))
		}
	})
	server, err := app.Server()
	if err != nil {
		return err
	}
	return server.Serve(l)
}
