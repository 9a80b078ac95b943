package events

import (
	"maps"
	"time"

	"weft/core"
)

// UpdateSettings changes what sessions announce that begin from now on: what
// is set in settings replaces what was set before, CustomSettings as a whole.
// Sessions that exist go on as they are; for those there is Session.Settings.
//
// Errors: ErrInvalidSettingValue, ErrTooManyCustom. Nothing has changed then.
func (srv *Server) UpdateSettings(settings Settings) error {
	if _, err := settings.list(); err != nil {
		return err
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	opts := srv.opts.SessionOptions
	if srv.updated != nil {
		opts = *srv.updated
	}
	opts.Settings = opts.Settings.with(settings)
	if err := opts.checkServer(); err != nil {
		return err
	}
	srv.updated = &opts // a new one: sessions have the old one
	return nil
}

// checkServer finds what would keep a server with these options from making
// sessions.
func (o *SessionOptions) checkServer() error {
	cfg, err := o.config(false)
	if err != nil {
		return err
	}
	cfg.Settings = sendable(cfg.Settings, false)
	_, err = core.NewServer(time.Now(), cfg)
	return misuse(err)
}

func (srv *Server) sessionOptions() *SessionOptions {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.updated != nil {
		return srv.updated
	}
	return &srv.opts.SessionOptions
}

// config returns what sessions with these options are made of, which those of a
// server share. srv may be nil.
func (srv *Server) config(opts *SessionOptions) (core.Config, error) {
	if srv == nil {
		return opts.config(false)
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.shared.opts == opts {
		return srv.shared.cfg, nil
	}
	cfg, err := opts.config(false)
	if err != nil {
		return cfg, err
	}
	cfg.Settings = sendable(cfg.Settings, false)
	if cfg, err = cfg.Share(false); err != nil {
		return cfg, misuse(err)
	}
	srv.shared.opts, srv.shared.cfg = opts, cfg
	return cfg, nil
}

// with returns settings changed by what is set in others.
func (s Settings) with(other Settings) Settings {
	replace(&s.HeaderTableSize, other.HeaderTableSize)
	replace(&s.EnablePush, other.EnablePush)
	replace(&s.InitialWindowSize, other.InitialWindowSize)
	replace(&s.MaxFrameSize, other.MaxFrameSize)
	replace(&s.MaxConcurrentStreams, other.MaxConcurrentStreams)
	replace(&s.EnableConnectProtocol, other.EnableConnectProtocol)
	if other.MaxHeaderListSize.set || other.MaxHeaderSize.set {
		// Two names of one setting.
		s.MaxHeaderListSize, s.MaxHeaderSize = other.MaxHeaderListSize, other.MaxHeaderSize
	}
	if other.CustomSettings != nil {
		s.CustomSettings = maps.Clone(other.CustomSettings)
	}
	return s
}

func replace[T any](o *Opt[T], by Opt[T]) {
	if by.set {
		*o = by
	}
}
