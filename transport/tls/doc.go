// Package tls makes encrypted connections that carry HTTP/2 as RFC 9113 §9.2
// wants it: TLS 1.2 or later, no renegotiation, no cipher suite from its
// Appendix A, and the protocol chosen by ALPN. The handshake and everything
// cryptographic is crypto/tls.
//
// A server needs a configuration and wraps what it accepts:
//
//	cfg, err := tls.ServerConfig(tls.ServerOptions{CertFile: "cert.pem", KeyFile: "key.pem"})
//	conn := tls.Server(accepted, cfg)
//	err = conn.HandshakeContext(ctx)
//	if conn.Protocol() == tls.H2 { err = transport.Run(ctx, conn, ep, opts) }
//
// A client dials:
//
//	cfg, err := tls.ClientConfig(tls.ClientOptions{})
//	conn, err := tls.Dial(ctx, "example.org:443", cfg)
//
// Over a TCP or Unix socket, transport.Run pumps a Conn as it does the socket
// itself: it waits for input without holding a buffer of ours (crypto/tls
// keeps what it keeps), and its writes do not block. All records of one turn
// leave in one write.
package tls
