package tls_test

import (
	"context"
	ctls "crypto/tls"
	"errors"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/internal/socktest"
	"weft/transport/tls"
)

// A connection that chose h2 and is not fit for it is ended, whatever its endpoint
// has to say.
func TestUnfitConnectionEnds(t *testing.T) {
	cert, _ := development(t)
	careless := &ctls.Config{
		Certificates: []ctls.Certificate{cert}, NextProtos: []string{"h2"}, MaxVersion: ctls.VersionTLS12,
		CipherSuites: []uint16{ctls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
	}
	client := careless.Clone()
	client.InsecureSkipVerify = true
	for _, quiet := range []bool{false, true} {
		a, b := socktest.Pair(t)
		defer a.Close()
		go ctls.Client(a, client).Handshake()
		var ep transport.Endpoint = h2test.NewServer(time.Now(), core.Config{})
		if quiet {
			ep = &silent{}
		}
		err := transport.Run(context.Background(), tls.Server(b, careless), ep, transport.Options{})
		var unfit *tls.SecurityError
		if !errors.As(err, &unfit) {
			t.Errorf("ended with %v", err)
		}
	}
}

// silent is an endpoint that says nothing.
type silent struct{ transport.Endpoint }

func (*silent) ReceiveEOF(time.Time, error)  {}
func (*silent) OnWake(func())                {}
func (*silent) SwapOutput([]byte) []byte     { return nil }
func (*silent) NextDeadline() (at time.Time) { return at }
func (*silent) Done() bool                   { return false }
func (*silent) ReadPaused() bool             { return false }
