package tls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// The names of protocols in ALPN.
const (
	H2     = "h2"
	HTTP11 = "http/1.1"
)

// ServerOptions say what ServerConfig makes. With the zero ServerOptions it is
// a configuration with the development certificate.
type ServerOptions struct {
	// Base is where everything comes from that is not decided here, client
	// authentication for example; default an empty configuration. It is not
	// changed. Its NextProtos are not used; neither are cipher suites and
	// versions that RFC 9113 §9.2 prohibits.
	Base *tls.Config

	// CertFile and KeyFile name the certificate, leaf first, and its key, both
	// in PEM. They are read again when they change. Both or neither are set;
	// beside a certificate in Base they are an error. Without either the
	// development certificate is used.
	CertFile, KeyFile string

	// OnReloadError is told when the files changed and are no good, in which
	// case the old certificate stays; default a line in slog.Default(). It may
	// be called from several goroutines. Without files it is an error.
	OnReloadError func(error)

	// Fallback offers http/1.1 beside h2, for a server that has somebody to
	// hand such connections to.
	Fallback bool

	// Protocols are offered instead of h2, and of http/1.1 with Fallback: at
	// least one, each of 1 to 255 bytes (RFC 7301 §3.1).
	Protocols []string

	// Choose, if not nil, chooses the protocol instead: it gets the name the
	// client asks for, "" if none, and the protocols it offers, and returns one
	// of those, or "" to fail the handshake. It is called by several
	// goroutines, and not for clients that offer none. Beside Protocols it is an
	// error.
	Choose func(serverName string, offered []string) string

	// KeyLog gets the secrets of every connection, in the format of NSS, for
	// reading recorded traffic; default Base.KeyLogWriter, and beside that it is
	// an error. Nothing else, no environment variable either, turns this on.
	KeyLog io.Writer
}

// ServerConfig makes a server's configuration, for Server and NewListener. A
// client whose ALPN list has none of the offered protocols fails the handshake
// with a no_application_protocol alert. One without ALPN passes, and its
// connection's Protocol is empty.
func ServerConfig(opts ServerOptions) (*tls.Config, error) {
	cfg, err := common(opts.Base, opts.Fallback, opts.KeyLog)
	if err != nil {
		return nil, err
	}
	switch {
	case (opts.CertFile == "") != (opts.KeyFile == ""):
		return nil, errors.New("weft/tls: CertFile and KeyFile need each other")
	case opts.OnReloadError != nil && opts.CertFile == "":
		return nil, errors.New("weft/tls: OnReloadError is about CertFile and KeyFile, which are not set")
	case opts.CertFile != "" && (len(cfg.Certificates) > 0 || cfg.GetCertificate != nil):
		return nil, errors.New("weft/tls: CertFile is set, and Base has a certificate, too: one of them is enough")
	case opts.CertFile != "":
		report := opts.OnReloadError
		if report == nil {
			report = func(err error) { slog.Warn("weft: certificate not reloaded", "err", err) }
		}
		pair, err := LoadKeyPair(opts.CertFile, opts.KeyFile, report)
		if err != nil {
			return nil, err
		}
		cfg.GetCertificate = pair.GetCertificate
	case len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil:
		cert, _, err := DevelopmentCertificate("")
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	if opts.Protocols != nil {
		if err := checkProtocols(&opts); err != nil {
			return nil, err
		}
		cfg.NextProtos = slices.Clone(opts.Protocols)
	}
	requireProtocol(cfg, opts.Choose)
	return cfg, nil
}

func checkProtocols(opts *ServerOptions) error {
	switch {
	case opts.Choose != nil:
		return errors.New("weft/tls: Choose has no use for Protocols: it chooses from what the client offers")
	case len(opts.Protocols) == 0:
		return errors.New("weft/tls: Protocols has none; leave it nil for h2")
	}
	for _, p := range opts.Protocols {
		if p == "" || len(p) > 255 {
			return fmt.Errorf("weft/tls: Protocols has %q, must be names of 1 to 255 bytes", p)
		}
	}
	return nil
}

// ClientOptions say what ClientConfig makes.
type ClientOptions struct {
	// Base is where everything comes from that is not decided here, the
	// trusted roots for example; default an empty configuration. It is not
	// changed. Its NextProtos are not used; neither are cipher suites and
	// versions that RFC 9113 §9.2 prohibits.
	Base *tls.Config

	// Fallback offers http/1.1 beside h2.
	Fallback bool

	// KeyLog is that of ServerOptions.
	KeyLog io.Writer
}

// ClientConfig makes a client's configuration, for Client and Dial.
//
// Errors say which field of Base HTTP/2 does not permit.
func ClientConfig(opts ClientOptions) (*tls.Config, error) {
	return common(opts.Base, opts.Fallback, opts.KeyLog)
}

// common is what both sides of a connection want.
func common(base *tls.Config, fallback bool, keyLog io.Writer) (*tls.Config, error) {
	cfg := &tls.Config{}
	if base != nil {
		cfg = base.Clone()
	}
	// RFC 9113 §9.2: "Implementations of HTTP/2 MUST use TLS version 1.2 or
	// higher for HTTP/2 over TLS."
	if cfg.MaxVersion != 0 && cfg.MaxVersion < tls.VersionTLS12 {
		return nil, fmt.Errorf("weft/tls: MaxVersion is %s, must be TLS 1.2 or later", tls.VersionName(cfg.MaxVersion))
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	wanted := cfg.CipherSuites
	cfg.CipherSuites = nil
	for _, id := range permitted {
		if wanted == nil || slices.Contains(wanted, id) {
			cfg.CipherSuites = append(cfg.CipherSuites, id)
		}
	}
	if len(cfg.CipherSuites) == 0 && cfg.MinVersion == tls.VersionTLS12 {
		return nil, errors.New("weft/tls: CipherSuites has none that HTTP/2 permits with TLS 1.2: those with ECDHE and an AEAD")
	}
	// RFC 9113 §9.2.1: "Renegotiation MUST be disabled"
	cfg.Renegotiation = tls.RenegotiateNever
	cfg.NextProtos = []string{H2}
	if fallback {
		cfg.NextProtos = append(cfg.NextProtos, HTTP11)
	}
	if keyLog != nil {
		if cfg.KeyLogWriter != nil {
			return nil, errors.New("weft/tls: KeyLog is set, and so is Base.KeyLogWriter: one of them is enough")
		}
		cfg.KeyLogWriter = keyLog
	}
	return cfg, nil
}

// requireProtocol fails the handshake of a client that offers protocols, but
// none of ours, or not the one that choose wants. crypto/tls does so as well,
// except when h2 is ours and http/1.1 the client's: that it lets pass as if
// there were no ALPN.
func requireProtocol(cfg *tls.Config, choose func(name string, offered []string) string) {
	inner := cfg.GetConfigForClient
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		var chosen *tls.Config
		if inner != nil {
			var err error
			if chosen, err = inner(hello); err != nil {
				return nil, err
			}
			if chosen != nil {
				if chosen, err = common(chosen, false, nil); err != nil {
					return nil, err
				}
				if chosen.KeyLogWriter == nil {
					chosen.KeyLogWriter = cfg.KeyLogWriter
				}
				chosen.NextProtos = cfg.NextProtos
			}
		}
		offered := hello.SupportedProtos
		// No client can have offered this one (RFC 7301 §3.1: "Empty strings
		// MUST NOT be included").
		protocol := ""
		switch {
		case len(offered) == 0:
			return chosen, nil
		case choose != nil:
			protocol = choose(hello.ServerName, offered)
		case slices.ContainsFunc(offered, func(p string) bool { return slices.Contains(cfg.NextProtos, p) }):
			return chosen, nil
		}
		if chosen == nil {
			chosen = cfg.Clone()
		}
		chosen.NextProtos = []string{protocol}
		return chosen, nil
	}
}
