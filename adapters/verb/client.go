package verb

import (
	"context"
	"crypto/tls"
	"fmt"

	"weft/events"
)

// ClientOptions are those of CreateHTTP2Client.
type ClientOptions struct {
	// RejectUnauthorized: a server whose certificate nobody known vouches for
	// is refused. Default true, unless TLS has InsecureSkipVerify, beside which
	// Set(true) is events.ErrInvalidArg; Set(false) is for tests.
	RejectUnauthorized events.Opt[bool]
	// TLS has everything else about TLS; nil trusts the system's roots.
	TLS *tls.Config
}

// CreateHTTP2Client returns a client of the server of a URL, for tests: another
// name for events.Connect, which has more options. It does not wait for the
// connection. A GET needs no end of its own:
//
//	client, err := verb.CreateHTTP2Client("https://localhost:8443", verb.ClientOptions{
//		RejectUnauthorized: events.Set(false),
//	})
//	defer client.Close()
//	client.OnStream(func(push *events.ClientStream, request events.Headers, _ events.Flags) { … })
//	stream, err := client.Request(ctx, events.H(":method", "GET", ":path", "/"))
//
// Errors: those of events.Connect about the URL and about TLS, which http:// has no
// use for, RejectUnauthorized included. What becomes of the connection is an event
// of the session.
func CreateHTTP2Client(url string, opts ...ClientOptions) (*events.ClientSession, error) {
	var o ClientOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	config := o.TLS.Clone()
	if reject, ok := o.RejectUnauthorized.Get(); ok {
		if config == nil {
			config = new(tls.Config)
		}
		if reject && config.InsecureSkipVerify {
			return nil, fmt.Errorf("%w: verb: RejectUnauthorized is true, and TLS.InsecureSkipVerify, too", events.ErrInvalidArg)
		}
		config.InsecureSkipVerify = !reject
	}
	return events.Connect(context.Background(), url, events.ConnectOptions{TLS: config})
}
