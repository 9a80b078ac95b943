package main

import (
	"context"
	gotls "crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// netHTTPClient is Go's own client with one connection.
type netHTTPClient struct {
	o      *options
	client *http.Client
}

func newNetHTTPClient(o *options) *netHTTPClient {
	t := &http.Transport{
		TLSClientConfig:   &gotls.Config{InsecureSkipVerify: true},
		MaxConnsPerHost:   1,
		ForceAttemptHTTP2: true,
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{StrictMaxConcurrentRequests: true},
	}
	if o.window > 0 {
		// More than 4 MiB it does not take.
		t.HTTP2.MaxReceiveBufferPerStream = min(o.window, 4<<20-1)
		t.HTTP2.MaxReceiveBufferPerConnection = min(4*o.window, 4<<20-1)
	}
	t.Protocols.SetHTTP2(o.secure)
	t.Protocols.SetUnencryptedHTTP2(!o.secure)
	return &netHTTPClient{o: o, client: &http.Client{Transport: t}}
}

// connect makes one request, for a connection is made by the first.
func (nc *netHTTPClient) connect(context.Context) error {
	res, err := nc.client.Get(nc.o.url)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, res.Body)
	return res.Body.Close()
}

func (nc *netHTTPClient) run(p *plan) error {
	var wg sync.WaitGroup
	for range nc.o.m {
		wg.Go(func() {
			var t tally
			f := newFields(nc.o)
			for {
				now := time.Now()
				i, ok := p.next(now)
				if !ok {
					break
				}
				n, err := nc.request(f, i)
				if err != nil {
					t.failed++
				}
				t.bytes += n
				t.latencies = append(t.latencies, time.Since(now))
			}
			p.add(&t)
		})
	}
	wg.Wait()
	return nil
}

// request makes one request and returns the length of its response.
func (nc *netHTTPClient) request(f *fields, i int64) (int64, error) {
	list := f.of(i)
	var body io.Reader
	if nc.o.upload > 0 {
		body = &zeroReader{nc.o.upload}
	}
	req, err := http.NewRequest(list[0].Value, nc.o.url+list[pathAt].Value, body)
	if err != nil {
		return 0, err
	}
	if body != nil {
		req.ContentLength = nc.o.upload
	}
	for _, field := range list {
		if !strings.HasPrefix(field.Name, ":") {
			req.Header.Set(field.Name, field.Value)
		}
	}
	res, err := nc.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return n, err
}
