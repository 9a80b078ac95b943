package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A kit is all that contenders need, in a temporary folder.
type kit struct {
	dir       string
	cert, key string // the one certificate all of them have
	root      string // files for the servers that serve files
	apis      []string
	gnet      bool
}

//go:embed node.mjs node-client.mjs
var scripts embed.FS

// bin is where a program of ours was built.
func (k *kit) bin(name string) string { return filepath.Join(k.dir, name) }

// newKit builds what is ours. The caller removes dir.
func newKit(ctx context.Context) (*kit, error) {
	dir, err := os.MkdirTemp("", "weft-bench-")
	if err != nil {
		return nil, err
	}
	k := &kit{dir: dir, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), root: filepath.Join(dir, "www")}
	for _, make := range []func() error{
		func() error { return k.build(ctx) },
		k.makeCert,
		k.makeFiles,
	} {
		if err := make(); err != nil {
			os.RemoveAll(dir)
			return nil, err
		}
	}
	return k, nil
}

var wantOneOf = regexp.MustCompile(`want one of (.*)`)

func (k *kit) build(ctx context.Context) error {
	for _, name := range []string{"server", "canned", "client", "relay"} {
		if err := goBuild(ctx, ".", k.bin(name), "./bench/"+name); err != nil {
			return err
		}
	}
	// What interfaces there are, the server says itself.
	out, _ := exec.CommandContext(ctx, k.bin("server"), "-api", "?").CombinedOutput()
	if found := wantOneOf.FindSubmatch(out); found != nil {
		k.apis = strings.Split(strings.TrimSpace(string(found[1])), ", ")
	}
	if _, err := os.Stat("adapters/gnet/benchserver"); err == nil {
		if err := goBuild(ctx, "adapters/gnet", k.bin("gnet"), "./benchserver"); err != nil {
			return err
		}
		k.gnet = true
	}
	return nil
}

func goBuild(ctx context.Context, module, bin, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, pkg)
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// makeCert makes the certificate: ECDSA P-256, self-signed, for this run only.
func (k *kit) makeCert() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(48 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(k.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644); err != nil {
		return err
	}
	return os.WriteFile(k.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

// makeFiles makes the documents of servers that serve files, and the bodies of
// uploads. The large ones are sparse: they are read as zeros and take no room.
func (k *kit) makeFiles() error {
	if err := os.Mkdir(k.root, 0o755); err != nil {
		return err
	}
	hello := []byte("Hello, World!\n")
	json := []byte(`{"text":"` + strings.Repeat("a", 1024-len(`{"text":""}`)) + `"}`)
	for name, body := range map[string][]byte{"index.html": hello, "page": hello, "json": json} {
		if err := os.WriteFile(filepath.Join(k.root, name), body, 0o644); err != nil {
			return err
		}
	}
	for name, size := range map[string]int64{"64k": 64 << 10, "1m": 1 << 20, "50m": 50 << 20, "1g": 1 << 30} {
		if err := makeSparse(filepath.Join(k.root, name), size); err != nil {
			return err
		}
	}
	for _, name := range []string{"node.mjs", "node-client.mjs"} {
		text, err := scripts.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(k.dir, name), text, 0o644); err != nil {
			return err
		}
	}
	// A server that drops its privileges still has to read all of it.
	return os.Chmod(k.dir, 0o755)
}

// makeSparse makes a file of zeros, and has the kernel keep it: or else the first
// contender's client, which reads it, would be held up by the disk.
func makeSparse(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err = f.Truncate(size); err == nil {
		_, err = io.Copy(io.Discard, f)
	}
	return errors.Join(err, f.Close())
}

// file is the path of a document.
func (k *kit) file(name string) string { return filepath.Join(k.root, name) }
