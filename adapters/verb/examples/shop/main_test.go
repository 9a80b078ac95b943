package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"weft/adapters/websocket"
	"weft/events"
)

// A shop that closes tells those who watch, and is closed without an error.
func TestRun(t *testing.T) {
	cache := t.TempDir() // of the certificate
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, cache)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	said, says := io.Pipe()
	defer said.Close()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, "localhost:0", false, says)
		says.CloseWithError(io.ErrUnexpectedEOF)
		ended <- err
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err, <-ended)
	}
	_, url, _ := strings.Cut(strings.TrimSpace(line), ": ")
	session, err := events.Connect(t.Context(), url, events.ConnectOptions{TLS: insecure})
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := websocket.Dial(t.Context(), session, "/live")
	if err != nil {
		t.Fatal(err)
	}
	interrupt()
	patience, cancel := context.WithTimeout(t.Context(), time.Minute) // for a test that would hang
	defer cancel()
	for err == nil {
		_, _, err = watcher.Read(patience)
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != websocket.StatusGoingAway {
		t.Errorf("who watches is told %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, addr := range []string{"localhost", "localhost:http2", "localhost:70000"} {
		if err := run(t.Context(), addr, false, io.Discard); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
}
