package main

import (
	"context"
	"net/http"
	"time"

	"weft/adapters/verb"
	"weft/core"
	"weft/events"
)

// shop is what the handlers have in common.
type shop struct {
	market     *market
	pushes     *verb.ServerPushCache
	metrics    *verb.HTTP2Metrics
	sameOrigin verb.Middleware
}

// newShop makes the application. The market is open until ctx ends.
func newShop(ctx context.Context) *verb.App {
	s := &shop{
		market: newMarket(), pushes: newPushCache(), metrics: verb.NewHTTP2Metrics(),
		// A middleware of net/http: forms of other origins are refused.
		sameOrigin: verb.Wrap(http.NewCrossOriginProtection().Handler),
	}
	go s.market.open(ctx)

	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{
		BodyLimit: events.Set[int64](4 << 10), // the forms here have two fields
		HTTP2: verb.HTTP2Options{
			AllowHTTP1:     events.Set(true),
			Settings:       events.Settings{MaxConcurrentStreams: events.Set[uint32](100)},
			SessionTimeout: events.Set(5 * time.Minute),
			// Nobody may keep a place with a body that does not come, or a download
			// that is not taken.
			Timeouts: core.Timeouts{BodyIdle: time.Minute, Stall: time.Minute, Shutdown: 30 * time.Second},
		},
	})
	app.Use(s.metrics.Middleware(), headers, s.pushes.Middleware())

	app.Get("/", func(req *verb.Request, res *verb.Response) error {
		return s.page(req, res, "list", "Cloth by the metre", s.offers())
	})
	app.Get("/cloth/:id", func(req *verb.Request, res *verb.Response) error {
		o, err := s.offer(req.Param("id"))
		if err != nil {
			return err
		}
		return s.page(req, res, "cloth", o.Name, o)
	})
	app.Get("/cart", s.showCart)
	app.Post("/cart", s.add, s.sameOrigin)
	app.Post("/order", s.order, s.sameOrigin)
	app.Get("/thanks", func(req *verb.Request, res *verb.Response) error {
		return s.page(req, res, "thanks", "Thank you", nil)
	})

	app.Get("/assets/*name", sendAsset)
	app.Get("/swatches/:file", sendSwatch)
	app.Mount("/api", s.api())
	app.WebSocket("/live", s.live)
	app.Get("/live", func(*verb.Request, *verb.Response) error {
		return &verb.Error{Status: http.StatusBadRequest, Message: "A WebSocket is to be opened here."}
	})
	app.Get("/status", s.status)
	app.Get("/metrics", s.metrics.Handler())
	app.Get("/*", func(*verb.Request, *verb.Response) error { return &verb.Error{Status: http.StatusNotFound} })
	app.UseError(s.failed)
	return app
}

// headers sets the same fields for every response: on HTTP/2 they cost a byte each
// once the client's table has them.
func headers(_ *verb.Request, res *verb.Response, next verb.Next) {
	res.Header("content-security-policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'").
		Header("referrer-policy", "same-origin").
		Header("x-content-type-options", "nosniff")
	next()
}

// line is one of the cart.
type line struct {
	offer
	Metres, Sum int
}

func (s *shop) showCart(req *verb.Request, res *verb.Response) error {
	c := cartOf(req)
	var body struct {
		Lines []line
		Sum   int
	}
	for _, o := range s.offers() {
		if n := c[o.ID]; n > 0 {
			body.Lines = append(body.Lines, line{o, n, n * o.Cents})
			body.Sum += n * o.Cents
		}
	}
	return s.page(req, res, "cart", "Your cart", body)
}
