package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// flags reads the flags of one command. They may stand before, between and
// after the other arguments; -- ends them.
type flags struct {
	*flag.FlagSet
	command string
}

func newFlags(command string) *flags {
	fs := flag.NewFlagSet(command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return &flags{fs, command}
}

// both defines a flag by two names.
func (f *flags) both(short, long string, define func(name string)) {
	define(short)
	define(long)
}

// parse returns the arguments that are not flags.
func (f *flags) parse(args []string) ([]string, error) {
	var others []string
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		rest := f.Args()
		ended := len(rest) < len(args) && args[len(args)-len(rest)-1] == "--"
		if len(rest) == 0 || ended {
			return append(others, rest...), nil
		}
		others = append(others, rest[0])
		args = rest[1:]
	}
	return others, nil
}

// usage reports a command line that makes no sense, and returns the exit code.
func (f *flags) usage(e *env, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return help([]string{f.command}, e)
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		text = fmt.Sprintf("there is no flag %s", dashed(name))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		text = fmt.Sprintf("the flag %s needs an argument", dashed(name))
	}
	if m := notBoolean.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("the flag %s is true or false, not %s", dashed(m[2]), m[1])
	}
	fmt.Fprintf(e.stderr, "weft %s: %s: see weft help %s\n", f.command, text, f.command)
	return exitUsage
}

// notBoolean is what package flag says about -k=5.
var notBoolean = regexp.MustCompile(`^invalid boolean value (".*") for -(.*): parse error$`)

// dashed is a flag as the help has it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// empty returns an error if one of the flags was given an empty value, as a
// variable of the shell that is not set gives it.
func (f *flags) empty(names ...string) (err error) {
	f.Visit(func(g *flag.Flag) {
		if err == nil && g.Value.String() == "" && slices.Contains(names, g.Name) {
			err = fmt.Errorf("%s is empty: leave it out, or see weft help %s", dashed(g.Name), f.command)
		}
	})
	return err
}

// fail reports what went wrong in one line, and returns the exit code.
func fail(e *env, command string, err error) int {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")
	fmt.Fprintf(e.stderr, "weft %s: %s\n", command, text)
	return exitFailed
}
