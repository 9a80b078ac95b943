package core

import (
	"errors"
	"testing"
	"time"
)

// Connections of one shared Config have their limits in common, until one is
// told otherwise.
func TestShare(t *testing.T) {
	now := time.Unix(0, 0)
	own := Config{Limits: Limits{MaxHeaderFields: 7}, Timeouts: Timeouts{Idle: time.Hour}}
	cfg, err := own.Share(false)
	if err != nil {
		t.Fatal(err)
	}
	server := func(cfg Config) *Conn {
		c, err := NewServer(now, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b, alone := server(cfg), server(cfg), server(own)
	if a.cfg.Limits != b.cfg.Limits || a.cfg.Timeouts != b.cfg.Timeouts {
		t.Error("two connections share nothing")
	}
	if a.Limits() != alone.Limits() || a.Timeouts() != alone.Timeouts() {
		t.Errorf("%+v and %+v are shared, want %+v and %+v", a.Limits(), a.Timeouts(), alone.Limits(), alone.Timeouts())
	}
	cfg.MaxHeaderFields = 8
	if c := server(cfg); c.cfg.Limits == a.cfg.Limits || c.Limits().MaxHeaderFields != 8 {
		t.Errorf("changed after Share, MaxHeaderFields is %d", c.Limits().MaxHeaderFields)
	}
	if client, err := NewClient(now, cfg); err != nil || client.cfg.Timeouts == a.cfg.Timeouts {
		t.Errorf("a client shares the timeouts of servers, %v", err)
	}
	var wrong *ConfigError
	if _, err := (Config{Limits: Limits{MaxReplies: -5}}).Share(false); !errors.As(err, &wrong) || wrong.Option != "MaxReplies" {
		t.Errorf("a limit of -5: %v", err)
	}
	push := Config{Authoritative: func(string) bool { return true }}
	if _, err := NewServer(now, push); !errors.As(err, &wrong) || wrong.Option != "Authoritative" {
		t.Errorf("a server that takes pushes: %v", err)
	}
}
