package tls

import (
	"crypto/tls"
	"fmt"
	"slices"

	"weft/core"
)

// permitted are the cipher suites of TLS 1.2 that crypto/tls has and that
// RFC 9113 Appendix A does not prohibit: those with an ephemeral key exchange
// and an AEAD. TLS 1.3 has no others.
var permitted = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// SecurityError reports a connection that chose HTTP/2 and is not fit for it.
// Its Code is what a GOAWAY would carry.
type SecurityError struct {
	Version     uint16 // for example tls.VersionTLS12
	CipherSuite uint16
}

// Code returns INADEQUATE_SECURITY.
func (e *SecurityError) Code() core.ErrCode { return core.InadequateSecurity }

// Error returns what is wrong.
func (e *SecurityError) Error() string {
	return fmt.Sprintf("weft/tls: INADEQUATE_SECURITY: %s with %s, HTTP/2 needs TLS 1.2 or later with ECDHE and an AEAD",
		tls.VersionName(e.Version), tls.CipherSuiteName(e.CipherSuite))
}

// Check reports whether a finished handshake satisfies RFC 9113 §9.2. The
// error is a *SecurityError. Conn's handshake has done this; it is for
// connections that were made elsewhere.
func Check(state tls.ConnectionState) error {
	switch {
	case state.Version > tls.VersionTLS12:
		return nil
	case state.Version == tls.VersionTLS12 && slices.Contains(permitted, state.CipherSuite):
		return nil
	}
	return &SecurityError{state.Version, state.CipherSuite}
}
