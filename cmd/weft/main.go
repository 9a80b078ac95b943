// Weft serves and fetches over HTTP/2.
//
//	weft serve [flags] [DIR]   serve a directory
//	weft get [flags] URL...    fetch
//	weft version
//	weft help [COMMAND]
//
// Exit codes: 0; 1 when something failed or a value was out of range, with one
// line about it on standard error; 2 for a command or flag that there is not,
// and for flags that contradict each other; 22 for a status of 400 or more
// with get --fail; 130 after Ctrl-C in get, after a second one in serve.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitStatus      = 22
	exitInterrupted = 130
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(os.Args[1:], &env{
		ctx:     context.Background(),
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		signals: signals,
	}))
}

// env is what a command has of the world.
type env struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	signals        <-chan os.Signal
	// serving, if not nil, gets the URL once weft serve accepts connections.
	serving func(url string)
}

// run runs a command line and returns the exit code.
func run(args []string, e *env) int {
	if len(args) == 0 {
		fmt.Fprint(e.stderr, "weft: no command: use serve, get, version or help\n")
		return exitUsage
	}
	switch name, rest := args[0], args[1:]; name {
	case "serve":
		return serve(rest, e)
	case "get":
		return get(rest, e)
	case "version", "--version", "-version":
		if len(rest) > 0 {
			return surplus(e, "version", rest[0])
		}
		fmt.Fprintln(e.stdout, "weft", version())
		return exitOK
	case "help", "--help", "-help", "-h":
		return help(rest, e)
	default:
		fmt.Fprintf(e.stderr, "weft: unknown command %q: use serve, get, version or help\n", name)
		return exitUsage
	}
}

const overview = `Weft serves and fetches over HTTP/2.

  weft serve [flags] [DIR]   serve a directory, or a small built-in page
  weft get [flags] URL...    fetch URLs over HTTP/2
  weft version               tell the version
  weft help COMMAND          tell more about serve or get
`

func help(args []string, e *env) int {
	switch {
	case len(args) == 0:
		fmt.Fprint(e.stdout, overview)
	case len(args) > 1:
		return surplus(e, "help", args[1])
	case args[0] == "serve":
		fmt.Fprint(e.stdout, serveHelp)
	case args[0] == "get":
		fmt.Fprint(e.stdout, getHelp)
	default:
		fmt.Fprintf(e.stderr, "weft help: no command %q: use serve or get\n", args[0])
		return exitUsage
	}
	return exitOK
}

// surplus reports an argument that a command has no use for.
func surplus(e *env, command, arg string) int {
	fmt.Fprintf(e.stderr, "weft %s: %q is one argument too many\n", command, arg)
	return exitUsage
}

// version is the module's version, and the revision it was built from if that
// is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
