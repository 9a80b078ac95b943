package peers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait. Nothing here takes a tenth of it, even under the
// race detector; it is how long a hang takes to become a failure.
const patience = 3 * time.Minute

// A process is a started command with all it has printed. Its process group is
// killed and reaped when the test ends.
type process struct {
	t       testing.TB
	cmd     *exec.Cmd
	printed transcript // stderr, and stdout unless the caller took it
	ended   chan struct{}
}

// start starts cmd. What it prints is logged if the test fails.
func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, ended: make(chan struct{})}
	p.printed.grown = sync.NewCond(&p.printed.mu)
	if cmd.Stdout == nil {
		cmd.Stdout = &p.printed
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &p.printed
	}
	ownGroup(cmd)
	cmd.WaitDelay = 5 * time.Second // a grandchild may hold the pipes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait()
		close(p.ended)
		p.printed.mu.Lock() // await looks at ended under it
		p.printed.grown.Broadcast()
		p.printed.mu.Unlock()
	}()
	t.Cleanup(func() {
		ended := "killed at the end of the test"
		if p.exited() {
			ended = cmd.ProcessState.String()
		}
		p.kill()
		text := p.printed.String()
		if strings.Contains(text, "DATA RACE") {
			t.Errorf("a data race in %s", cmd)
		}
		if t.Failed() {
			t.Logf("%s\n%s\n%s", cmd, ended, tail(text))
		}
	})
	return p
}

func (p *process) kill() {
	killGroup(p.cmd)
	<-p.ended
}

// exited reports whether the process has ended.
func (p *process) exited() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// interrupt sends what Ctrl-C sends.
func (p *process) interrupt() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// wait waits for the process to end and returns its exit code, -1 for one that
// a signal ended.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("still running after %v: %s", patience, p.cmd)
		return -1
	}
}

// line waits until what was printed matches re and returns the submatches.
func (p *process) line(re *regexp.Regexp) []string {
	p.t.Helper()
	m, ok := p.printed.await(re, p.exited)
	if !ok {
		p.t.Fatalf("%s did not print %q", p.cmd, re)
	}
	return m
}

// A transcript is what a process has printed so far.
type transcript struct {
	mu    sync.Mutex
	grown *sync.Cond
	text  []byte
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p...)
	s.grown.Broadcast()
	return len(p), nil
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

func (s *transcript) await(re *regexp.Regexp, over func() bool) ([]string, bool) {
	late := false
	timer := time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.grown.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		ended := over() // before the last look
		if m := re.FindSubmatch(s.text); m != nil {
			var found []string
			for _, sub := range m {
				found = append(found, string(sub))
			}
			return found, true
		}
		if late || ended {
			return nil, false
		}
		s.grown.Wait()
	}
}

// tail keeps the end of a long text: failures are at the end.
func tail(text string) string {
	const most = 12 << 10
	if len(text) > most {
		return "...\n" + text[len(text)-most:]
	}
	return text
}

// A result is what a command that has ended left.
type result struct {
	cmd    *exec.Cmd
	code   int
	stdout []byte
	stderr string
}

func (r result) String() string {
	text := string(r.stdout)
	if len(r.stdout) > 4<<10 {
		text = fmt.Sprintf("%d bytes", len(r.stdout))
	}
	return fmt.Sprintf("%s\nexit %d\nstdout: %s\nstderr: %s", r.cmd, r.code, text, tail(r.stderr))
}

// run runs cmd to its end.
func run(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	p := start(t, cmd)
	code := p.wait()
	return result{cmd, code, stdout.Bytes(), p.printed.String()}
}

// must runs cmd and requires exit code 0.
func must(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	r := run(t, cmd)
	if r.code != 0 {
		t.Fatal(r)
	}
	return r
}

// startPiped starts cmd with its stdout in our hands: a peer that nobody reads
// from stops reading too, so that a transfer stays in the middle for as long as
// a test wants it there.
func startPiped(t testing.TB, cmd *exec.Cmd) (*process, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	p := start(t, cmd)
	w.Close()
	t.Cleanup(func() { r.Close() })
	return p, r
}

// readSome reads n bytes of a transfer, to know that it is under way.
func readSome(t testing.TB, r *os.File, n int) {
	t.Helper()
	r.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(r, make([]byte, n)); err != nil {
		t.Fatalf("the transfer did not begin: %v", err)
	}
}

// readRest reads to the end and returns how much there was.
func readRest(t testing.TB, r *os.File) int64 {
	t.Helper()
	r.SetReadDeadline(time.Now().Add(patience))
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		t.Fatalf("reading the rest: %v after %d bytes", err, n)
	}
	return n
}

var ports struct {
	sync.Mutex
	next int
}

// freePorts returns the first of n consecutive ports that nobody listens on.
// They are below the range from which the system takes ports for outgoing
// connections, and no two calls of a run return the same.
func freePorts(t testing.TB, n int) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.next == 0 {
		ports.next = 10000 + rand.IntN(15000)
	}
search:
	for range 1000 {
		first := ports.next
		if first+n > 32000 {
			first = 10000
		}
		for port := first; port < first+n; port++ {
			ports.next = port + 1
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				continue search
			}
			l.Close()
		}
		return first
	}
	t.Fatalf("no %d free ports", n)
	return 0
}

// awaitAccept waits until p accepts connections on addr.
func (p *process) awaitAccept(addr string) {
	p.t.Helper()
	p.poll("accept on "+addr, func() bool { return accepts(addr) })
}

// awaitRefusal waits until nobody accepts connections on addr.
func (p *process) awaitRefusal(addr string) {
	p.t.Helper()
	p.poll("stop accepting on "+addr, func() bool { return !accepts(addr) })
}

func (p *process) poll(what string, done func() bool) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-p.ended:
			p.t.Fatalf("%s ended and did not %s", p.cmd, what)
		case <-late:
			p.t.Fatalf("%s did not %s in %v", p.cmd, what, patience)
		}
	}
}

func accepts(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
