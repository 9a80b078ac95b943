package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	devValidity = 365 * 24 * time.Hour
	devRenew    = 30 * 24 * time.Hour // before the end
	devCertFile = "development-cert.pem"
	devKeyFile  = "development-key.pem"
)

// DevelopmentCertificate returns a self-signed certificate for localhost,
// 127.0.0.1 and ::1 with an ECDSA P-256 key. It is kept in dir, by default the
// folder weft in os.UserCacheDir, readable by nobody else, and made anew when
// it is missing, broken or has less than 30 days left. certFile is where it
// is, for clients to trust; it is empty if it could not be kept, in which case
// the certificate is good for this time only.
func DevelopmentCertificate(dir string) (cert tls.Certificate, certFile string, err error) {
	if dir == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(cache, "weft")
		}
	}
	now := time.Now()
	certPath, keyPath := filepath.Join(dir, devCertFile), filepath.Join(dir, devKeyFile)
	if dir != "" {
		if kept, err := readKeyPair(certPath, keyPath); err == nil && devUsable(kept.Leaf, now) {
			return *kept, certPath, nil
		}
	}
	certPEM, keyPEM, err := makeDevCert(now)
	if err != nil {
		return cert, "", fmt.Errorf("weft/tls: making the development certificate: %w", err)
	}
	if cert, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		return cert, "", fmt.Errorf("weft/tls: making the development certificate: %w", err)
	}
	if dir == "" || os.MkdirAll(dir, 0o700) != nil ||
		replaceFile(keyPath, keyPEM) != nil || replaceFile(certPath, certPEM) != nil {
		return cert, "", nil
	}
	return cert, certPath, nil
}

// devUsable reports whether a kept certificate is still what would be made.
func devUsable(leaf *x509.Certificate, now time.Time) bool {
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	return ok && key.Curve == elliptic.P256() &&
		!now.Before(leaf.NotBefore) && now.Add(devRenew).Before(leaf.NotAfter) &&
		leaf.VerifyHostname("localhost") == nil &&
		leaf.VerifyHostname("127.0.0.1") == nil &&
		leaf.VerifyHostname("::1") == nil
}

func makeDevCert(now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"weft development"}, CommonName: "localhost"},
		NotBefore:             now.Add(-time.Hour), // clocks differ
		NotAfter:              now.Add(devValidity),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return certPEM, keyPEM, nil
}

// replaceFile writes a file that nobody ever sees half written. It is readable
// by its owner only.
func replaceFile(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // made with 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
