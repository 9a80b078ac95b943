package tls

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// KeyPair is a certificate and its key in two files, read again when they
// change. Its methods may be called from any goroutine.
type KeyPair struct {
	certFile, keyFile string
	onError           func(error)
	now               func() time.Time

	mu      sync.Mutex
	cert    *tls.Certificate
	seen    [2]version // of the files when they were last read
	checked time.Time
}

// version tells one content of a file from another.
type version struct {
	modified time.Time
	size     int64
}

// checkEvery is how often the files are looked at, at most.
const checkEvery = time.Second

// LoadKeyPair reads a certificate, leaf first, and its key, both in PEM. Errors
// name the file they are about. onError is told, from the goroutine of a
// handshake, when the files changed and are no good; it may be nil.
func LoadKeyPair(certFile, keyFile string, onError func(error)) (*KeyPair, error) {
	p := &KeyPair{certFile: certFile, keyFile: keyFile, onError: onError, now: time.Now}
	p.seen = p.versions()
	p.checked = p.now()
	cert, err := readKeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	p.cert = cert
	return p, nil
}

// GetCertificate is for tls.Config. It looks at the files at most once a
// second, and never fails: if the files are broken, the last good certificate
// is served.
func (p *KeyPair) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	cert, err := p.current()
	p.mu.Unlock()
	if err != nil && p.onError != nil {
		p.onError(err)
	}
	return cert, nil
}

// current returns the certificate, and why a newer one could not be had. mu is
// held.
func (p *KeyPair) current() (*tls.Certificate, error) {
	now := p.now()
	if since := now.Sub(p.checked); since >= 0 && since < checkEvery {
		return p.cert, nil
	}
	p.checked = now
	seen := p.versions()
	if seen == p.seen {
		return p.cert, nil
	}
	p.seen = seen // a broken pair is reported once, and read again when it changes
	cert, err := readKeyPair(p.certFile, p.keyFile)
	if err != nil {
		return p.cert, err
	}
	p.cert = cert
	return cert, nil
}

func (p *KeyPair) versions() (v [2]version) {
	for i, name := range []string{p.certFile, p.keyFile} {
		if info, err := os.Stat(name); err == nil {
			v[i] = version{info.ModTime(), info.Size()}
		}
	}
	return v
}

func readKeyPair(certFile, keyFile string) (*tls.Certificate, error) {
	var cert tls.Certificate
	text, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("weft/tls: certificate: %w", err)
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			cert.Certificate = append(cert.Certificate, block.Bytes)
		}
	}
	if len(cert.Certificate) == 0 {
		return nil, fmt.Errorf("weft/tls: certificate %s: no CERTIFICATE block, it must be in PEM", certFile)
	}
	if cert.Leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
		return nil, fmt.Errorf("weft/tls: certificate %s: %w", certFile, err)
	}
	if text, err = os.ReadFile(keyFile); err != nil {
		return nil, fmt.Errorf("weft/tls: key: %w", err)
	}
	if cert.PrivateKey, err = parseKey(text); err != nil {
		return nil, fmt.Errorf("weft/tls: key %s: %w", keyFile, err)
	}
	if !belongs(cert.PrivateKey, cert.Leaf) {
		return nil, fmt.Errorf("weft/tls: key %s does not belong to certificate %s", keyFile, certFile)
	}
	return &cert, nil
}

func parseKey(text []byte) (crypto.PrivateKey, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, errors.New("it is encrypted; decrypt it first, with openssl pkey for example")
		case block.Type != "PRIVATE KEY" && !strings.HasSuffix(block.Type, " PRIVATE KEY"):
			continue
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		return nil, err
	}
	return nil, errors.New("no PRIVATE KEY block, it must be in PEM")
}

func belongs(key crypto.PrivateKey, leaf *x509.Certificate) bool {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return false
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(leaf.PublicKey)
}
