package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// market has the prices, which rise with demand and sink without, and counts who
// is watching. Whoever wants to know of changes takes the news, and what tells that
// they are old: so one who is slow misses some, and nobody has a queue.
type market struct {
	mu     sync.Mutex
	news   news
	change chan struct{} // closed when news are no more the latest
}

// news are the state of the market. They are never changed once they are out.
type news struct {
	Prices   map[string]int `json:"prices"` // cents
	Visitors int            `json:"visitors"`
}

const (
	mostVisitors = 1000 // WebSockets at once
	tick         = 2 * time.Second
)

func newMarket() *market {
	prices := make(map[string]int)
	for _, c := range catalog {
		prices[c.ID] = c.Price
	}
	return &market{news: news{Prices: prices}, change: make(chan struct{})}
}

// latest returns the news, and a channel that is closed when there are others.
func (m *market) latest() (news, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.news, m.change
}

// update has f change a copy of the news, and publishes it.
func (m *market) update(f func(n *news)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.publish(f)
}

func (m *market) publish(f func(n *news)) {
	next := news{Prices: make(map[string]int, len(m.news.Prices)), Visitors: m.news.Visitors}
	for id, price := range m.news.Prices {
		next.Prices[id] = price
	}
	f(&next)
	m.news = next
	close(m.change)
	m.change = make(chan struct{})
}

// wanted tells that somebody has put metres of a cloth into a cart: each makes it
// dearer by 2 %, up to twice the price of the catalogue.
func (m *market) wanted(id string, metres int) {
	m.update(func(n *news) {
		n.Prices[id] = min(n.Prices[id]*(100+2*metres)/100, 2*clothByID[id].Price)
	})
}

// drift is what a moment does to the prices: they go back a tenth of the way to
// those of the catalogue, and tremble.
func (m *market) drift() {
	m.update(func(n *news) {
		for _, c := range catalog {
			p := n.Prices[c.ID]
			n.Prices[c.ID] = p + (c.Price-p)/10 + c.Price*(rand.IntN(7)-3)/400
		}
	})
}

// open has time pass, until ctx ends.
func (m *market) open(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			m.drift()
		case <-ctx.Done():
			return
		}
	}
}

// enter counts a visitor, unless there are as many as may be.
func (m *market) enter() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.news.Visitors >= mostVisitors {
		return false
	}
	m.publish(func(n *news) { n.Visitors++ })
	return true
}

func (m *market) leave() { m.update(func(n *news) { n.Visitors-- }) }
