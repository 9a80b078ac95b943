package tls_test

import (
	"context"
	ctls "crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"weft/transport/tcp"
	"weft/transport/tls"
)

// A server with the development certificate, and a client that trusts it.
func Example() {
	dir, err := os.MkdirTemp("", "weft") // so that this example leaves nothing behind
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	cert, certFile, err := tls.DevelopmentCertificate(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	serverConfig, err := tls.ServerConfig(tls.ServerOptions{
		Base: &ctls.Config{Certificates: []ctls.Certificate{cert}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	l, err := tcp.Listen(ctx, "127.0.0.1:0", tcp.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		accepted, err := l.Accept()
		if err != nil {
			return
		}
		conn := tls.Server(accepted, serverConfig)
		defer conn.Close()
		if err := conn.HandshakeContext(ctx); err != nil {
			fmt.Println("server:", err)
			return
		}
		fmt.Println("server:", conn.Protocol()) // and on with transport.Run
	}()

	roots := x509.NewCertPool()
	trusted, _ := os.ReadFile(certFile)
	roots.AppendCertsFromPEM(trusted)
	clientConfig, err := tls.ClientConfig(tls.ClientOptions{Base: &ctls.Config{RootCAs: roots}})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := tls.Dial(ctx, l.Addr().String(), clientConfig)
	if err != nil {
		fmt.Println("client:", err)
		return
	}
	defer conn.Close()
	<-served
	fmt.Println("client:", conn.Protocol())
	// Output:
	// server: h2
	// client: h2
}
