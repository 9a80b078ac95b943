package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	quick, list, render bool
	only, rows, columns string
	rounds              int
	span                time.Duration
	out                 string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "a few workloads in under two minutes, on standard output; fails if a ratio to net/http is under half its target")
	flag.BoolVar(&o.list, "list", false, "list the tables")
	flag.BoolVar(&o.render, "render", false, "measure nothing, write the documents from the kept results")
	flag.StringVar(&o.only, "only", "", "measure the tables whose name matches this regular expression")
	flag.StringVar(&o.rows, "rows", "", "of the tables of -only, only the contenders that match, on standard output")
	flag.StringVar(&o.columns, "columns", "", "of the tables of -only, only the columns that match, on standard output")
	flag.IntVar(&o.rounds, "rounds", 3, "how often everything is measured")
	flag.DurationVar(&o.span, "span", 800*time.Millisecond, "how long one measurement lasts, roughly")
	flag.StringVar(&o.out, "out", "docs", "folder of performance.md and performance/")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage of bench/run:") // what it is run as
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, o options) error {
	chosen, err := choose(o)
	switch {
	case err != nil:
		return err
	case o.list:
		for _, e := range chosen {
			fmt.Printf("%-20s %s\n", e.id, e.title)
		}
		return nil
	case o.render:
		return render(o.out)
	}
	if o.quick {
		o.span, o.rounds = 500*time.Millisecond, 1
	}
	raiseFileLimit()
	k, err := newKit(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(k.dir)
	b := &bench{kit: k, span: o.span}
	facts := machine(ctx)
	onScreen := o.quick || o.rows != "" || o.columns != ""
	kept := &results{Tables: make(map[string]*tableResult)}
	file := filepath.Join(o.out, "performance", "results.json")
	if !onScreen {
		if kept, err = loadResults(file); err != nil {
			return err
		}
	}
	for _, e := range chosen {
		t, err := conduct(ctx, b, e, o.rounds, os.Stderr)
		if err != nil {
			return err
		}
		t.Machine = facts
		kept.Tables[e.id] = t
		fmt.Println(plain(e, t))
		if onScreen {
			continue
		}
		// After each table, so that a run that is stopped has not been for nothing.
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := kept.save(file); err != nil {
			return err
		}
	}
	if !onScreen {
		return render(o.out)
	}
	fmt.Print(plainTargets(kept))
	if !o.quick {
		return nil
	}
	if judge(kept) == nil {
		return nil
	}
	return lookAgain(ctx, b, kept)
}

// lookAgain measures what fell short once more, and longer, before it is called
// a failure: a machine that does something else at the same time is none.
func lookAgain(ctx context.Context, b *bench, r *results) error {
	again := &results{Tables: make(map[string]*tableResult)}
	b.span *= 2
	for _, t := range short(r) {
		for _, e := range experiments {
			if e.id != t.value.table {
				continue
			}
			cut := *e
			cut.rows = []string{t.value.row, t.to.row}
			cut.columns = slices.DeleteFunc(slices.Clone(e.columns), func(c column) bool { return c.name != t.value.column })
			got, err := conduct(ctx, b, &cut, 3, os.Stderr)
			if err != nil {
				return err
			}
			again.Tables[e.id] = got
			fmt.Println(plain(&cut, got))
			if err := judge(again); err != nil {
				return err
			}
		}
	}
	return nil
}

// choose returns the experiments that the flags leave, cut down to the rows and
// columns that they leave.
func choose(o options) ([]*experiment, error) {
	var chosen []*experiment
	for _, e := range experiments {
		if ok, err := regexp.MatchString(o.only, e.id); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		cut := *e
		if o.quick {
			if e.quickRows == nil {
				continue
			}
			cut.rows = e.quickRows
			cut.columns = slices.DeleteFunc(slices.Clone(e.columns), func(c column) bool { return !slices.Contains(e.quickColumns, c.name) })
		}
		for _, f := range []struct {
			pattern string
			cut     func(keep *regexp.Regexp)
		}{
			{o.rows, func(keep *regexp.Regexp) {
				cut.rows = slices.DeleteFunc(slices.Clone(cut.rows), func(name string) bool { return !keep.MatchString(name) })
			}},
			{o.columns, func(keep *regexp.Regexp) {
				cut.columns = slices.DeleteFunc(slices.Clone(cut.columns), func(c column) bool { return !keep.MatchString(c.name) })
			}},
		} {
			keep, err := regexp.Compile(f.pattern)
			if err != nil {
				return nil, err
			}
			f.cut(keep)
		}
		chosen = append(chosen, &cut)
	}
	if len(chosen) == 0 {
		return nil, errors.New("no table matches")
	}
	return chosen, nil
}

// raiseFileLimit lets this process, and what it starts, have as many files open
// as may be, and as 20,000 connections need if we are allowed to.
func raiseFileLimit() {
	const want = 64 << 10
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return
	}
	wish := syscall.Rlimit{Cur: max(want, l.Max), Max: max(want, l.Max)}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wish) != nil {
		l.Cur = l.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
}

// fileLimit is how many files a process may have open.
func fileLimit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 1024
	}
	return int(min(l.Cur, 1<<30))
}

// render writes the document and the plots from the kept results.
func render(out string) error {
	kept, err := loadResults(filepath.Join(out, "performance", "results.json"))
	if err != nil {
		return err
	}
	name := filepath.Join(out, "performance.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	doc := string(text)
	for _, e := range experiments {
		t := kept.Tables[e.id]
		if t == nil {
			continue
		}
		body := markdown(e, t)
		for _, m := range e.metrics {
			picture := draw(e, t, m)
			if picture == "" {
				continue
			}
			file := fmt.Sprintf("performance/%s-%s.svg", e.id, m.key)
			if err := os.WriteFile(filepath.Join(out, file), []byte(picture), 0o644); err != nil {
				return err
			}
			body = fmt.Sprintf("![%s: %s](%s)\n\n", e.title, m.title, file) + body
		}
		if doc, err = fill(doc, e.id, body); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	notes, err := readNotes("bench/harness/notes.tsv")
	if err != nil {
		return err
	}
	if doc, err = fill(doc, "targets", markdownTargets(kept, notes)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(doc), 0o644)
}
