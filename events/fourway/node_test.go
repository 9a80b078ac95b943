package fourway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// node25 returns the path of a Node of major version 25. Without one the test
// is skipped, or fails if WEFT_REQUIRE_PEERS is 1.
func node25(t *testing.T) string {
	t.Helper()
	path := os.Getenv("WEFT_NODE25")
	if path == "" {
		path, _ = filepath.Abs("../../.peers/node25/node_modules/node/bin/node")
	}
	missing := ""
	if out, err := exec.Command(path, "--version").Output(); err != nil {
		missing = fmt.Sprintf("Node 25 is not installed: bash .ci/install, or WEFT_NODE25=PATH (%v)", err)
	} else if version := strings.TrimSpace(string(out)); !strings.HasPrefix(version, "v25.") {
		missing = fmt.Sprintf("%s is Node %s, not 25", path, version)
	}
	switch {
	case missing == "":
	case os.Getenv("WEFT_REQUIRE_PEERS") == "1":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
	return path
}

// A node is a process that runs testdata/main.js: it answers questions, several
// at a time.
type node struct {
	scenarios []string

	mu      sync.Mutex
	stdin   io.Writer
	last    int
	waiting map[int]chan answer
	ended   error // set when it has
}

// question is a line of its stdin.
type question struct {
	ID       int    `json:"id"`
	Do       string `json:"do"`
	Scenario string `json:"scenario,omitempty"`
	TLS      bool   `json:"tls,omitempty"`
	Port     int    `json:"port,omitempty"`
	Server   int    `json:"server,omitempty"`
	Cert     string `json:"cert,omitempty"`
	Key      string `json:"key,omitempty"`
}

// answer is a line of its stdout.
type answer struct {
	ID         int        `json:"id"`
	Failure    string     `json:"failure"`
	Port       int        `json:"port"`
	Server     int        `json:"server"`
	Transcript transcript `json:"transcript"`
	Scenarios  []string   `json:"scenarios"`
	Version    string     `json:"version"`
}

// startNode starts a process. It ends with the test.
func startNode(t *testing.T, path string, pki *pki) *node {
	t.Helper()
	cmd := exec.Command(path, "--no-deprecation", "testdata/main.js")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &node{stdin: stdin, waiting: map[int]chan answer{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		n.read(stdout)
	}()
	t.Cleanup(func() {
		stdin.Close() // it exits
		<-read
		if err := cmd.Wait(); err != nil || t.Failed() && stderr.Len() > 0 {
			t.Errorf("Node: %v\n%s", err, stderr.Bytes())
		}
	})
	hello := n.ask(question{Do: "hello", Cert: string(pki.certPEM), Key: string(pki.keyPEM)})
	if hello.Failure != "" {
		t.Fatal(hello.Failure)
	}
	n.scenarios = hello.Scenarios
	return n
}

func (n *node) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		var a answer
		if err == nil {
			err = json.Unmarshal(line, &a)
		}
		n.mu.Lock()
		if err != nil {
			n.ended = fmt.Errorf("Node has ended: %w", err)
			for _, ch := range n.waiting {
				ch <- answer{Failure: n.ended.Error()}
			}
			n.waiting = nil
			n.mu.Unlock()
			io.Copy(io.Discard, stdout)
			return
		}
		ch := n.waiting[a.ID]
		delete(n.waiting, a.ID)
		n.mu.Unlock()
		if ch != nil {
			ch <- a
		}
	}
}

func (n *node) ask(q question) answer {
	n.mu.Lock()
	if n.ended != nil {
		n.mu.Unlock()
		return answer{Failure: n.ended.Error()}
	}
	n.last++
	q.ID = n.last
	ch := make(chan answer, 1)
	n.waiting[q.ID] = ch
	line, _ := json.Marshal(q)
	n.stdin.Write(append(line, '\n'))
	n.mu.Unlock()
	return <-ch
}

func (n *node) serve(sc *scenario, pki *pki) (int, func() transcript, error) {
	a := n.ask(question{Do: "serve", Scenario: sc.name, TLS: pki != nil})
	if a.Failure != "" {
		return 0, nil, errors.New(a.Failure)
	}
	return a.Port, func() transcript {
		stopped := n.ask(question{Do: "stop", Server: a.Server})
		if stopped.Failure != "" {
			return transcript{"failure": {stopped.Failure}}
		}
		return stopped.Transcript
	}, nil
}

func (n *node) run(sc *scenario, pki *pki, port int) (transcript, error) {
	a := n.ask(question{Do: "run", Scenario: sc.name, TLS: pki != nil, Port: port})
	if a.Failure != "" {
		return nil, errors.New(a.Failure)
	}
	return a.Transcript, nil
}
