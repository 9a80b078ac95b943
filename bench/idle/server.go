//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// server is a bench/server that was started.
type server struct {
	cmd  *exec.Cmd
	addr string
	dir  string
}

// startServer builds bench/server and starts it on core 0.
func startServer(ctx context.Context, api string, secure bool) (*server, error) {
	dir, err := os.MkdirTemp("", "weft-idle-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	bin := filepath.Join(dir, "server")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "weft/bench/server").CombinedOutput(); err != nil {
		s.stop()
		return nil, fmt.Errorf("bench/server does not build: %w: %s", err, out)
	}
	s.cmd = exec.CommandContext(ctx, "taskset", "-c", "0", bin, "-addr", "127.0.0.1:0", "-api", api, fmt.Sprintf("-tls=%t", secure))
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.cmd = nil
		s.stop()
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n') // "core on 127.0.0.1:9000"
	if _, addr, ok := strings.Cut(strings.TrimSpace(line), " on "); ok {
		s.addr = addr
		return s, nil
	}
	s.stop()
	return nil, fmt.Errorf("bench/server says %q where it listens (%v)", line, err)
}

// stop ends the server, and removes what was built.
func (s *server) stop() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
	os.RemoveAll(s.dir)
}

// resident returns the resident memory of a process in bytes.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

// raiseFiles sees to it that this process, and those it starts, may have n
// connections each.
func raiseFiles(n int) error {
	want := uint64(n + 100)
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return err
	}
	lim.Max = max(lim.Max, want) // which may take a privilege
	lim.Cur = lim.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("%d open files: %w; fewer connections, or ulimit -Hn", want, err)
	}
	return nil
}
