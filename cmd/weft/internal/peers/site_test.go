package peers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const (
	greeting   = "<!doctype html><title>peers</title>Hello, peer!\n"
	mebibyte   = 1 << 20
	heavyBytes = 64 * mebibyte // more than any window and any socket buffer hold
)

// A site is the directory that is served, by weft and by the peers.
type site struct {
	dir      string
	medium   string // path of 1m.bin, 1 MiB of noise
	sum      string // its SHA-256 in hex
	heavySum string // that of heavy.bin, 64 MiB of zeros
}

var makeSite = sync.OnceValues(func() (*site, error) {
	dir := filepath.Join(scratch, "site")
	s := &site{dir: dir, medium: filepath.Join(dir, "1m.bin")}
	noise := make([]byte, mebibyte)
	rand.NewChaCha8([32]byte{'w', 'e', 'f', 't'}).Read(noise)
	s.sum = hash(noise)
	s.heavySum = hash(make([]byte, heavyBytes))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	heavy := filepath.Join(dir, "heavy.bin")
	for path, data := range map[string][]byte{
		filepath.Join(dir, "index.html"): []byte(greeting),
		s.medium:                         noise,
		heavy:                            nil,
	} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return nil, err
		}
	}
	return s, os.Truncate(heavy, heavyBytes)
})

func theSite(t testing.TB) *site {
	t.Helper()
	s, err := makeSite()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hash(p []byte) string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}

func hashFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return hash(data)
}

// pki is a certificate for the loopback names and the authority that signed it.
type pki struct {
	ca, cert, key string // PEM files
	pin           string // base64 SHA-256 of the certificate's public key
}

var makePKI = sync.OnceValues(func() (*pki, error) {
	p := &pki{
		ca:   filepath.Join(scratch, "ca.pem"),
		cert: filepath.Join(scratch, "cert.pem"),
		key:  filepath.Join(scratch, "key.pem"),
	}
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "weft peers"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    authority.NotBefore,
		NotAfter:     authority.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return nil, err
	}
	caDER, err := x509.CreateCertificate(crand.Reader, authority, authority, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	certDER, err := x509.CreateCertificate(crand.Reader, leaf, authority, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(public)
	p.pin = base64.StdEncoding.EncodeToString(sum[:])
	for path, block := range map[string]*pem.Block{
		p.ca:   {Type: "CERTIFICATE", Bytes: caDER},
		p.cert: {Type: "CERTIFICATE", Bytes: certDER},
		p.key:  {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	return p, nil
})

func thePKI(t testing.TB) *pki {
	t.Helper()
	p, err := makePKI()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// config is what a server within the test uses of it.
func (p *pki) config(t testing.TB) *tls.Config {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}
