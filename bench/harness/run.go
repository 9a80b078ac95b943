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
// and the columns within a round. What fails is noted, and not tried again in
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
	for round := range rounds {
		for _, col := range e.columns {
			if col.once && round > 0 {
				continue
			}
			fmt.Fprintf(progress, "%s, %s, round %d of %d\n", e.id, col.name, round+1, rounds)
			for _, c := range rows {
				if c.once && round > 0 || col.rows != nil && !slices.Contains(col.rows, c.name) {
					continue
				}
				out := t.at(c.name, col.name)
				if out.Failed != "" || out.Lacks != "" {
					continue
				}
				b.ran = nil
				got, err := col.run(ctx, b, c)
				switch {
				case ctx.Err() != nil:
					return nil, context.Cause(ctx)
				case errors.Is(err, errLacks):
					out.Lacks = err.Error()
				case err != nil:
					out.Failed = err.Error()
					out.Samples = nil
					fmt.Fprintf(progress, "  %s failed: %v\n", c.name, err)
				default:
					out.Samples = append(out.Samples, got)
					if t.Commands == nil || c.name == base && round == 0 && col.name == e.columns[0].name {
						t.Commands = slices.Clone(b.ran)
					}
				}
			}
		}
	}
	fmt.Fprintf(progress, "%s took %.0f s\n", e.id, time.Since(start).Seconds())
	return t, nil
}

// base is the row that ratios are to.
const base = "events"
