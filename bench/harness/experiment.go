package main

import (
	"context"
	"errors"
)

// An experiment is a table: its rows are contenders, its columns workloads.
type experiment struct {
	id      string // what -only matches and the document's markers say
	title   string
	rows    []string // names of contenders, in order
	columns []column // all with run, or all with scene
	metrics []metric
	plot    plotKind
	rounds  int // 0: as many as -rounds says

	quickRows    []string // of rows, what -quick measures; none: not in -quick
	quickColumns []string
}

// abreast reports whether all columns are measured at the same time.
func (e *experiment) abreast() bool { return len(e.columns) > 0 && e.columns[0].scene != nil }

// A column measures one workload with one contender.
type column struct {
	name string
	x    float64  // where it stands on the axis of a curve
	once bool     // one round is enough
	rows []string // who takes part; nil: all of the table
	run  func(ctx context.Context, b *bench, c *contender) (sample, error)

	// scene, instead of run, sets up what is measured abreast with the other
	// columns. What it returns beside an error is closed as well.
	scene func(ctx context.Context, b *bench, c *contender) (*scene, error)
}

// A sample is what one measurement gave: values by the keys of metrics.
type sample map[string]float64

// A metric is one value of a sample, and how it is shown.
type metric struct {
	key    string
	title  string
	format func(v float64) string
	ratio  bool // show each row's ratio to the row of -api events
}

// plotKind says how an experiment is drawn, if it is.
type plotKind int

const (
	noPlot plotKind = iota
	barPlot
	curvePlot
)

// errLacks is the error of a contender that can't take part in a workload, not
// of one that failed in it.
var errLacks = errors.New("does not apply")

// lacks is an errLacks with its reason.
type lacks struct{ reason string }

func (l lacks) Error() string        { return l.reason }
func (l lacks) Is(target error) bool { return target == errLacks }
