package events_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"

	"weft/events"
	"weft/transport/mem"
)

// What the examples need of the other side.

// hello is a server that says hello.
func hello() (url string, stop func()) {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnStream(func(stream *events.ServerStream, _ events.Headers, _ events.Flags) {
		stream.Respond(events.H("content-type", "text/plain"))
		stream.EndString("hello")
	})
	addr, err := server.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return "http://" + addr.String(), func() { server.Shutdown(context.Background()) }
}

// fetchAll fetches a URL, trusting whatever certificate.
func fetchAll(url string) string {
	client, err := events.Connect(context.Background(), url, events.ConnectOptions{TLS: &tls.Config{InsecureSkipVerify: true}})
	if err != nil {
		return err.Error()
	}
	return body(client)
}

// body is the answer to a request for /, after which the session ends.
func body(client *events.ClientSession) string {
	defer client.Close()
	req, err := client.Request(context.Background(), events.Headers{})
	if err != nil {
		return err.Error()
	}
	all, err := io.ReadAll(req.Blocking())
	if err != nil {
		return err.Error()
	}
	return string(all)
}

// linked are two sessions on a link.
func linked(serve func(*events.ServerStream, events.Headers)) (*events.ServerSession, *events.ClientSession) {
	server, _ := events.NewServerSession(mem.Epoch, events.SessionOptions{})
	server.OnStream(func(stream *events.ServerStream, headers events.Headers, _ events.Flags) { serve(stream, headers) })
	client, _ := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
	return server, client
}

// fetch asks the server for a path and lets the link settle.
func fetch(client *events.ClientSession, server *events.ServerSession, path string, text func(string)) {
	link := mem.NewLink(client, server, mem.Options{})
	client.Do(func() {
		req, _ := client.Request(context.Background(), events.H(":path", path))
		req.OnText(text)
	})
	link.Settle()
}

func target(base string) string {
	u, _ := url.Parse(base)
	return u.Host
}

// dialAllowed dials what a CONNECT asks for, if it is among the targets.
func dialAllowed(headers events.Headers, targets ...string) (net.Conn, error) {
	if headers.Method() != "CONNECT" || !slices.Contains(targets, headers.Authority()) {
		return nil, errors.New("not served")
	}
	return net.Dial("tcp", headers.Authority())
}

// throughProxy fetches a URL through a tunnel.
func throughProxy(proxy *events.Server, url string) string {
	addr, err := proxy.Listen("127.0.0.1:0")
	if err != nil {
		return err.Error()
	}
	outer, err := events.Connect(context.Background(), "http://"+addr.String(), events.ConnectOptions{})
	if err != nil {
		return err.Error()
	}
	inner, err := events.Connect(context.Background(), url, events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) {
			tunnel, err := outer.Request(ctx, events.H(":method", "CONNECT", ":authority", target(url)))
			if err != nil {
				return nil, err
			}
			return tunnel.Blocking(), nil
		},
	})
	if err != nil {
		return err.Error()
	}
	got := body(inner)
	inner.Wait()
	outer.Close()
	proxy.Shutdown(context.Background())
	return got
}
