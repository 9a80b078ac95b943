package main

import (
	"context"
	"net"
	"time"

	"weft/core"
	"weft/internal/answers"
	"weft/transport"
	"weft/transport/tls"
)

// serveCore serves each connection with a core.Conn and nothing above it.
func serveCore(ctx context.Context, l net.Listener, secure bool) error {
	cfg := core.Config{
		Settings:       []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: uint32(maxStreams)}},
		Transport:      core.TransportCleartext,
		ReportedWrites: true,
	}
	if secure {
		cfg.Transport = core.TransportEncrypted
	}
	if window > 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingInitialWindowSize, Value: uint32(window)})
		cfg.ConnWindow = 4 * window
	}
	if table >= 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingHeaderTableSize, Value: uint32(table)})
		cfg.EncoderTable = table
		if table == 0 {
			cfg.EncoderTable = core.NoTable
		}
	}
	opts := transport.Options{}
	if !secure {
		opts.HoldFirstWrite = transport.DefaultHold
	}
	var loops transport.Loops
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			c, err := core.NewServer(time.Now(), cfg)
			if err != nil {
				panic(err) // the configuration is ours
			}
			if h, ok := conn.(*tls.Conn); ok && h.HandshakeContext(ctx) != nil {
				conn.Close()
				return
			}
			loops.Start(ctx, conn, transport.Drive(c, answers.NewSession(c).Handle), opts, nil)
		}()
	}
}
