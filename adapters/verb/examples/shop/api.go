package main

import (
	"errors"
	"net/http"

	"weft/adapters/verb"
)

// offer is a cloth with its price of the moment.
type offer struct {
	*cloth
	Cents int `json:"cents"`
}

func (s *shop) offers() []offer {
	n, _ := s.market.latest()
	list := make([]offer, len(catalog))
	for i, c := range catalog {
		list[i] = offer{c, n.Prices[c.ID]}
	}
	return list
}

func (s *shop) offer(id string) (offer, error) {
	c := clothByID[id]
	if c == nil {
		return offer{}, &verb.Error{Status: http.StatusNotFound, Message: "There is no such cloth."}
	}
	n, _ := s.market.latest()
	return offer{c, n.Prices[id]}, nil
}

// api is an App of its own, which is mounted: its errors are JSON.
func (s *shop) api() *verb.App {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/cloth", func(_ *verb.Request, res *verb.Response) error { return res.JSON(s.offers()) })
	app.Get("/cloth/:id", func(req *verb.Request, res *verb.Response) error {
		o, err := s.offer(req.Param("id"))
		if err != nil {
			return err
		}
		return res.JSON(o)
	})
	app.Post("/cart", func(req *verb.Request, res *verb.Response) error {
		var in struct {
			ID     string
			Metres int
		}
		if err := req.JSON(&in); err != nil {
			return err
		}
		c, err := s.put(req, res, in.ID, in.Metres)
		if err != nil {
			return err
		}
		return res.JSON(map[string]any{"cart": c, "metres": c.metres()})
	}, s.sameOrigin)
	app.All("/*", func(*verb.Request, *verb.Response) error { return &verb.Error{Status: http.StatusNotFound} })
	app.UseError(func(err error, _ *verb.Request, res *verb.Response, next verb.Next) {
		if told, ok := errors.AsType[*verb.Error](err); ok && told.Status < 500 && !res.Sent() {
			res.Status(told.Status).JSON(map[string]string{"error": text(told)})
			return
		}
		next(err)
	})
	return app
}
