package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// conduct measures one experiment: the contenders take turns within a column,
// and the columns within a round; or columns that are measured abreast, the
// contenders within a round. What fails is noted, and not tried again in
// later rounds. Only a done ctx ends it early.
func conduct(ctx context.Context, b *bench, e *experiment, rounds int, progress io.Writer) (*tableResult, error) {
	if e.rounds > 0 {
		rounds = min(rounds, e.rounds)
	}
	t := &tableResult{
		When:    time.Now().Format("2006-01-02 15:04"),
		Rounds:  rounds,
		Missing: make(map[string]string),
		Cells:   make(map[string]map[string]*cell),
	}
	var rows []*contender
	for _, name := range e.rows {
		c := contenders[name]
		if why := c.missing(b.kit); why != "" {
			t.Missing[name] = why
			continue
		}
		rows = append(rows, c)
	}
	start := time.Now()
	for number := range rounds {
		r := &round{b, e, t, number, progress}
		measure := r.inColumns
		if e.abreast() {
			measure = r.inRows
		}
		if measure(ctx, rows); ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	fmt.Fprintf(progress, "%s took %.0f s\n", e.id, time.Since(start).Seconds())
	return t, nil
}

// A round measures every cell once.
type round struct {
	b        *bench
	e        *experiment
	t        *tableResult
	number   int // from 0
	progress io.Writer
}

func (r *round) inColumns(ctx context.Context, rows []*contender) {
	for _, col := range r.e.columns {
		if col.once && r.number > 0 {
			continue
		}
		r.say(col.name)
		for _, c := range rows {
			if !r.wants(c, col) {
				continue
			}
			r.b.ran = nil
			got, err := col.run(ctx, r.b, c)
			if ctx.Err() != nil {
				return
			}
			r.keep(c, col, outcome{got, r.b.ran, err})
		}
	}
}

func (r *round) inRows(ctx context.Context, rows []*contender) {
	for _, c := range rows {
		r.say(c.name)
		wanted := slices.DeleteFunc(slices.Clone(r.e.columns), func(col column) bool { return !r.wants(c, col) })
		got := r.b.abreast(ctx, c, wanted)
		if ctx.Err() != nil {
			return
		}
		for i, col := range wanted {
			r.keep(c, col, got[i])
		}
	}
}

func (r *round) say(what string) {
	fmt.Fprintf(r.progress, "%s, %s, round %d of %d\n", r.e.id, what, r.number+1, r.t.Rounds)
}

// wants reports whether a cell is to be measured in this round.
func (r *round) wants(c *contender, col column) bool {
	if (c.once || col.once) && r.number > 0 || col.rows != nil && !slices.Contains(col.rows, c.name) {
		return false
	}
	out := r.t.at(c.name, col.name)
	return out.Failed == "" && out.Lacks == ""
}

// An outcome is what one measurement gave: a sample, or why there is none.
type outcome struct {
	sample sample
	ran    []string // the command lines
	err    error
}

func (r *round) keep(c *contender, col column, got outcome) {
	out := r.t.at(c.name, col.name)
	switch {
	case errors.Is(got.err, errLacks):
		out.Lacks = got.err.Error()
	case got.err != nil:
		out.Failed = got.err.Error()
		out.Samples = nil
		fmt.Fprintf(r.progress, "  %s in %s failed: %v\n", c.name, col.name, got.err)
	default:
		out.Samples = append(out.Samples, got.sample)
		if r.t.Commands == nil || c.name == base && r.number == 0 && col.name == r.e.columns[0].name {
			r.t.Commands = slices.Clone(got.ran)
		}
	}
}

// base is the row that ratios are to.
const base = "events"
