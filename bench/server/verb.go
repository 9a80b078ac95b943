package main

import (
	"context"
	"errors"
	"net"
	"strconv"

	"weft/adapters/verb"
	"weft/events"
)

// serveVerb serves with the Express-like API: a server with five middlewares
// and a hundred routes.
func serveVerb(ctx context.Context, l net.Listener, secure bool) error {
	if window > 0 || table >= 0 {
		return errors.New("-window and -table are not for -api verb")
	}
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{HTTP2: verb.HTTP2Options{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(maxStreams))},
	}})
	for range 5 {
		app.Use(func(_ *verb.Request, _ *verb.Response, next verb.Next) { next() })
	}
	for i := range 48 {
		n := strconv.Itoa(i)
		answer := func(_ *verb.Request, res *verb.Response) error { return res.Text(n) }
		app.Get("/static/"+n, answer)
		app.Get("/items"+n+"/:id", answer)
	}
	for path, a := range answers {
		if a.size > int64(len(a.body)) {
			continue // it sends from memory
		}
		body := []byte(a.body[:a.size])
		app.Get(path, func(_ *verb.Request, res *verb.Response) error {
			for _, f := range a.fields[1:] {
				res.Header(f.Name, f.Value)
			}
			return res.Send(body)
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
			return res.Text(strconv.Itoa(n))
		}
	})
	app.Get("/*", func(*verb.Request, *verb.Response) error { return &verb.Error{Status: 404} })
	srv, err := app.Server()
	if err != nil {
		return err
	}
	return srv.Serve(l)
}
