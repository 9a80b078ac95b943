package main

import (
	"context"
	"net/http"

	"weft/adapters/verb"
	"weft/adapters/websocket"
)

// live is the WebSocket that tells the news of the market. On HTTP/2 it is one
// more stream of the connection that the page came by.
func (s *shop) live(req *verb.Request, res *verb.Response) error {
	if !s.market.enter() {
		return &verb.Error{Status: http.StatusServiceUnavailable, Message: "the shop is full"}
	}
	ws, err := res.Upgrade(websocket.ServerOptions{Options: websocket.Options{MaxMessageSize: 1 << 10}})
	if err != nil {
		s.market.leave()
		return err
	}
	ctx, gone := context.WithCancel(context.Background())
	ws.OnClose(func(error) {
		gone()
		s.market.leave()
	})
	go tell(ctx, s.market, ws)
	return nil
}

// tell sends the news, and then whenever they change, until ctx ends.
func tell(ctx context.Context, m *market, ws *verb.WebSocket) {
	for {
		n, change := m.latest()
		if ws.SendJSON(n) != nil {
			return // OnClose is told
		}
		select {
		case <-change:
		case <-ctx.Done():
			return
		}
	}
}
