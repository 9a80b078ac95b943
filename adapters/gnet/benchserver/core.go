package main

import (
	"context"
	"net"
	"time"

	"weft/adapters/gnet"
	"weft/core"
	"weft/internal/answers"
	"weft/transport"
)

// serveCore gives a core.Conn of each connection to the loops.
func serveCore(ctx context.Context, l net.Listener, loops *gnet.Loops) error {
	cfg := core.Config{
		Settings:       []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: uint32(maxStreams)}},
		Transport:      core.TransportCleartext,
		ReportedWrites: true,
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		c, err := core.NewServer(time.Now(), cfg)
		if err != nil {
			return err
		}
		opts := transport.Options{HoldFirstWrite: transport.DefaultHold}
		if err := loops.Pump(ctx, conn, transport.Drive(c, answers.NewSession(c).Handle), opts, func(error) {}); err != nil {
			conn.Close()
		}
	}
}
