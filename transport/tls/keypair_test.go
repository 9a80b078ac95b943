package tls

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// files writes a certificate and key and returns their names.
func files(t *testing.T, cert, key []byte) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certFile, cert)
	write(t, keyFile, key)
	return certFile, keyFile
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func makeCert(t *testing.T) (cert, key []byte) {
	t.Helper()
	cert, key, err := makeDevCert(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestReload(t *testing.T) {
	cert1, key1 := makeCert(t)
	certFile, keyFile := files(t, cert1, key1)
	var errs []error
	p, err := LoadKeyPair(certFile, keyFile, func(err error) { errs = append(errs, err) })
	if err != nil {
		t.Fatal(err)
	}
	now := p.checked
	p.now = func() time.Time { return now }
	serves := func(want []byte, why string) {
		t.Helper()
		got, err := p.GetCertificate(nil)
		block, _ := pem.Decode(want)
		if err != nil || !bytes.Equal(got.Certificate[0], block.Bytes) {
			t.Errorf("%s: not the certificate expected (%v)", why, err)
		}
	}
	serves(cert1, "at first")

	cert2, key2 := makeCert(t)
	later := now.Add(time.Hour)
	write(t, certFile, cert2)
	os.Chtimes(certFile, later, later)
	serves(cert1, "within the second")
	now = now.Add(checkEvery)
	serves(cert1, "only one of the files is new")
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), certFile) || !strings.Contains(errs[0].Error(), keyFile) {
		t.Errorf("reported: %v, want one error that names both files", errs)
	}
	now = now.Add(checkEvery)
	serves(cert1, "still")
	if len(errs) != 1 {
		t.Errorf("reported again: %v", errs)
	}
	write(t, keyFile, key2)
	os.Chtimes(keyFile, later, later)
	now = now.Add(checkEvery)
	serves(cert2, "both are new")
	os.Remove(certFile)
	now = now.Add(checkEvery)
	serves(cert2, "a file is gone")
	if len(errs) != 2 {
		t.Errorf("reported: %v", errs)
	}
}

func TestBadFiles(t *testing.T) {
	cert, key := makeCert(t)
	_, otherKey := makeCert(t)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	der, _ := x509.MarshalPKCS8PrivateKey(edKey)
	ed := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
	for name, test := range map[string]struct {
		cert, key []byte
		says      string
	}{
		"another key":       {cert, otherKey, "does not belong to"},
		"another algorithm": {cert, ed, "does not belong to"},
		"encrypted key":     {cert, encrypted, "encrypted"},
		"no key":            {cert, cert, "no PRIVATE KEY block"},
		"no certificate":    {key, key, "no CERTIFICATE block"},
		"empty":             {nil, nil, "no CERTIFICATE block"},
		"broken":            {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), key, "cert.pem: x509"},
	} {
		certFile, keyFile := files(t, test.cert, test.key)
		_, err := LoadKeyPair(certFile, keyFile, nil)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want something with %q", name, err, test.says)
		}
	}
	if certFile, keyFile := files(t, append([]byte("a comment\n"), cert...), key); true {
		if _, err := LoadKeyPair(certFile, keyFile, nil); err != nil {
			t.Errorf("text before the certificate: %v", err)
		}
	}
}

func TestDevelopmentCertificate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "weft")
	first, certFile, err := DevelopmentCertificate(dir)
	if err != nil || certFile != filepath.Join(dir, devCertFile) {
		t.Fatalf("kept in %q, %v", certFile, err)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := first.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{devCertFile, devKeyFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	same := func() bool {
		t.Helper()
		cert, _, err := DevelopmentCertificate(dir)
		if err != nil {
			t.Fatal(err)
		}
		return cert.Leaf.Equal(first.Leaf)
	}
	if !same() {
		t.Error("it is made anew each time")
	}

	write(t, certFile, []byte("broken"))
	if same() {
		t.Error("a broken one is served")
	}
	old, oldKey, err := makeDevCert(time.Now().Add(devRenew - devValidity - time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	write(t, certFile, old)
	write(t, filepath.Join(dir, devKeyFile), oldKey)
	if first, _, _ = DevelopmentCertificate(dir); time.Until(first.Leaf.NotAfter) < devRenew {
		t.Error("one that nears its end is served")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}

	// Where it cannot be kept, it still serves.
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	cert, certFile, err := DevelopmentCertificate(file)
	if err != nil || certFile != "" || cert.Leaf == nil {
		t.Errorf("in an impossible place: kept in %q, %v", certFile, err)
	}
}
