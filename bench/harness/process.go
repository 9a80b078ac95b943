package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// The cores of the two sides.
const (
	serverCore = "0"
	clientCore = "1"
)

// pinned is argv on a set of cores.
func pinned(cores string, argv []string) []string {
	return urgent(append([]string{"taskset", "-c", cores}, argv...))
}

// command makes a process that is killed, with all it started, when ctx is
// done, and with this program.
func command(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a client to its end and returns what it printed.
func run(ctx context.Context, limit time.Duration, argv []string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %v", limit))
	defer cancel()
	cmd := command(ctx, argv)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", fmt.Errorf("%s: %w: %s", argv[0], err, lastLine(diag.String()+out.String()))
	}
	return out.String(), nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// A server is a contender's process that listens.
type server struct {
	cmd  *exec.Cmd
	pid  int
	addr string
	diag bytes.Buffer
	// polite is whether it is asked to end before it is killed: it has a
	// profile to write.
	polite bool
	done   chan struct{}
	stop   context.CancelFunc
}

// startServer runs argv, which listens on addr, until it accepts connections.
func startServer(ctx context.Context, cores string, argv []string, addr string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{addr: addr, done: make(chan struct{}), stop: cancel}
	s.cmd = command(ctx, pinned(cores, argv))
	s.cmd.Stderr = &s.diag
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	s.pid = s.cmd.Process.Pid
	go func() {
		s.cmd.Wait()
		close(s.done)
	}()
	for limit := time.Now().Add(10 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case <-s.done:
			cancel()
			return nil, errors.New("server ended: " + lastLine(s.diag.String()))
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(limit) {
			s.close()
			return nil, errors.New("server does not listen")
		}
	}
}

// close ends the server and waits for it.
func (s *server) close() {
	if s.polite && syscall.Kill(-s.pid, syscall.SIGTERM) == nil {
		select {
		case <-s.done:
		case <-time.After(5 * time.Second):
		}
	}
	s.stop()
	<-s.done
}

// nextPort is where freeAddr goes on. The ports lie below those the kernel gives
// to clients: a dial to a port of those can meet itself, and then looks as if
// somebody listened.
var nextPort = lowPort + os.Getpid()%(highPort-lowPort)

const lowPort, highPort = 20000, 32000

// freeAddr finds an address nobody listens on, another one each time.
func freeAddr() (string, error) {
	for range highPort - lowPort {
		nextPort++
		if nextPort >= highPort {
			nextPort = lowPort
		}
		addr := fmt.Sprintf("127.0.0.1:%d", nextPort)
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("no port is free")
}
