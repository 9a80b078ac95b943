package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// machine says what is measured on and with.
func machine(ctx context.Context) []string {
	facts := []string{
		fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU()),
		"Linux " + firstLine(readFile("/proc/sys/kernel/osrelease")),
		fmt.Sprintf("at most %s open files a process", thousands(float64(fileLimit()))),
		strings.Replace(runtime.Version(), "go", "Go ", 1),
	}
	for _, p := range []struct{ program, flag string }{
		{"h2load", "--version"}, {"nghttpd", "--version"}, {"h2o", "--version"}, {"nginx", "-v"}, {"node", "--version"}, {"curl", "--version"},
	} {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		out, err := exec.CommandContext(ctx, p.program, p.flag).CombinedOutput()
		cancel()
		if err != nil {
			facts = append(facts, p.program+" not installed")
			continue
		}
		facts = append(facts, p.program+" "+version(string(out)))
	}
	return facts
}

var versionNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// version is the first thing in a program's answer that looks like one: "h2o
// version 2.2.5", "h2load nghttp2/1.52.0", "v20.1.0".
func version(out string) string { return versionNumber.FindString(out) }

func cpuModel() string {
	for line := range strings.Lines(readFile("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func readFile(name string) string {
	text, _ := os.ReadFile(name)
	return string(text)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
