package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// Prices rise with demand, not without end, and come back.
func TestPrices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMarket()
		go m.open(t.Context())
		moss := clothByID["moss"]
		for range 10 {
			m.wanted("moss", mostMetres)
		}
		n, change := m.latest()
		if n.Prices["moss"] != 2*moss.Price || n.Prices["tweed"] != clothByID["tweed"].Price {
			t.Error(n.Prices)
		}
		<-change
		if later, _ := m.latest(); later.Prices["moss"] >= n.Prices["moss"] {
			t.Error("nobody wants it, and it costs", later.Prices["moss"])
		}
		for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
			_, change := m.latest()
			<-change
		}
		for _, c := range catalog {
			n, _ := m.latest()
			if p := n.Prices[c.ID]; p < c.Price*9/10 || p > c.Price*11/10 {
				t.Errorf("%s costs %d, with %d in the catalogue", c.ID, p, c.Price)
			}
		}
	})
}

func TestFull(t *testing.T) {
	m := newMarket()
	for range mostVisitors {
		if !m.enter() {
			t.Fatal("full before it is")
		}
	}
	if m.enter() {
		t.Error("one more than may be")
	}
	m.leave()
	if !m.enter() {
		t.Error("full after one has left")
	}
}
