package docs

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"weft/adapters/verb"
)

// TestVerbPrograms builds the programs of verb.md and asks each for its first
// page.
func TestVerbPrograms(t *testing.T) {
	list := programs(t, "verb.md")
	if len(list) != 3 {
		t.Fatalf("verb.md has %d programs", len(list))
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for _, code := range list {
		if strings.Count(code, "8443") != 1 {
			t.Fatal("a program with another port")
		}
		dir, err := os.MkdirTemp(".", "verb") // inside the module, so that nothing has to be resolved
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(strings.Replace(code, "8443", "0", 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		bin := filepath.Join(t.TempDir(), "program")
		if out, err := exec.Command("go", "build", "-o", bin, "./"+dir).CombinedOutput(); err != nil {
			t.Errorf("go build: %v\n%s\n%s", err, out, code)
			continue
		}
		ask(t, client, bin)
	}
}

// ask runs a server that prints its URL, and gets that.
func ask(t *testing.T, client *http.Client, bin string) {
	t.Helper()
	cmd := exec.Command(bin)
	cache := t.TempDir() // of the certificate
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache, "HOME="+cache, "LocalAppData="+cache)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		cmd.Wait()
		t.Errorf("the program says no URL: %v\n%s", err, &stderr)
		return
	}
	res, err := client.Get(strings.TrimSpace(url))
	if err != nil {
		t.Error(err)
		return
	}
	res.Body.Close()
	if res.StatusCode != 200 || res.ProtoMajor != 2 {
		t.Errorf("%s %s", res.Proto, res.Status)
	}
}

// TestVerbExamples compiles the examples of verb.md that are no programs.
func TestVerbExamples(t *testing.T) {
	text, err := os.ReadFile("verb.md")
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		if !strings.HasPrefix(m[1], "package main") {
			bodies = append(bodies, m[1])
		}
	}
	if len(bodies) < 6 {
		t.Fatalf("%d examples", len(bodies))
	}
	vetBodies(t, "ctx context.Context, app *verb.App, res *verb.Response, list []verb.PushResource", bodies)
}

// TestVerbOptions holds the table of options to the struct: each is in one of
// them if it is in the other.
func TestVerbOptions(t *testing.T) {
	text, err := os.ReadFile("verb.md")
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z0-9.]*)` \\|").FindAllStringSubmatch(string(text), -1) {
		there[m[1]] = true
	}
	known := make(map[string]bool)
	var walk func(prefix string, typ reflect.Type)
	walk = func(prefix string, typ reflect.Type) {
		for i := range typ.NumField() {
			switch f := typ.Field(i); f.Name {
			case "HTTP2", "HTTP1", "Settings", "PushStreams":
				walk(prefix+f.Name+".", f.Type)
			case "MaxHeaderSize", "EnableConnectProtocol", "CustomSettings": // what an application has no need of
			default:
				known[prefix+f.Name] = true
			}
		}
	}
	walk("", reflect.TypeFor[verb.Options]())
	for name := range known {
		if !there[name] && name != "HTTP2.Settings.EnablePush" {
			t.Error("verb.md does not have the option", name)
		}
	}
	for name := range there {
		if !known[name] {
			t.Error("verb.md has an option that there is not:", name)
		}
	}
}
