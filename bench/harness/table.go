package main

import (
	"fmt"
	"slices"
	"strings"
)

// markdown is one experiment as it stands in the document: a table for each
// metric, what is missing, and the commands.
func markdown(e *experiment, t *tableResult) string {
	var b strings.Builder
	for _, m := range e.metrics {
		grid := grid(e, t, m)
		if len(grid) == 1 || len(grid[0]) == 1 {
			continue
		}
		for i, line := range grid {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
			if i == 0 {
				b.WriteString(strings.Repeat("|---", len(line)) + "|\n")
			}
		}
		b.WriteByte('\n')
	}
	for _, line := range remarks(e, t) {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	fmt.Fprintf(&b, "\n    bench/run -only '^%s$'\n", e.id)
	for _, line := range t.Commands {
		fmt.Fprintf(&b, "    # %s\n", line)
	}
	fmt.Fprintf(&b, "\n%s, rounds: %d. %s.\n", t.When, t.Rounds, strings.Join(t.Machine, ", "))
	return b.String()
}

// plain is the same for a terminal, without the commands.
func plain(e *experiment, t *tableResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", e.title, e.id)
	for _, m := range e.metrics {
		grid := grid(e, t, m)
		if len(grid) == 1 || len(grid[0]) == 1 {
			continue
		}
		widths := make([]int, len(grid[0]))
		for _, line := range grid {
			for i, text := range line {
				widths[i] = max(widths[i], len([]rune(text)))
			}
		}
		for _, line := range grid {
			for i, text := range line {
				fmt.Fprintf(&b, "  %s%s", text, strings.Repeat(" ", widths[i]-len([]rune(text))))
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	for _, line := range remarks(e, t) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return b.String()
}

// grid is one metric of an experiment as lines of cells, the first of which is
// the heading. Rows without a figure are left out.
func grid(e *experiment, t *tableResult, m metric) [][]string {
	heading := []string{m.title}
	columns := slices.DeleteFunc(slices.Clone(e.columns), func(c column) bool { return !shows(e, t, c, m) })
	for _, c := range columns {
		heading = append(heading, c.name)
	}
	lines := [][]string{heading}
	for _, row := range e.rows {
		line, any := []string{row}, false
		for _, c := range columns {
			text := "–"
			got := t.Cells[row][c.name]
			switch values := got.values(m.key); {
			case len(values) > 0:
				text, any = figure(m, values, t.Cells[base][c.name].values(m.key), row == base), true
			case got != nil && got.Failed != "":
				text, any = "failed", true
			}
			line = append(line, text)
		}
		if any {
			lines = append(lines, line)
		}
	}
	return lines
}

// shows reports whether a column has the metric: not all of them have all.
func shows(e *experiment, t *tableResult, c column, m metric) bool {
	return slices.ContainsFunc(e.rows, func(row string) bool { return len(t.Cells[row][c.name].values(m.key)) > 0 })
}

// figure is one cell: the median, how far the rounds spread, and the ratio to
// the base row.
func figure(m metric, values, baseValues []float64, isBase bool) string {
	mid, low, high := median(values)
	text := m.format(mid)
	if len(values) > 1 {
		text += fmt.Sprintf(" (%s–%s)", m.format(low), m.format(high))
	}
	if m.ratio && !isBase && len(baseValues) > 0 {
		text += fmt.Sprintf(" ×%s", digits(ratio(values, baseValues)))
	}
	return text
}

// remarks say what is not in the tables, and why.
func remarks(e *experiment, t *tableResult) (lines []string) {
	for _, row := range e.rows {
		if why, ok := t.Missing[row]; ok {
			lines = append(lines, fmt.Sprintf("%s is missing: %s", row, why))
			continue
		}
		why := make(map[string][]string)
		var order []string
		for _, c := range e.columns {
			text := ""
			switch got := t.Cells[row][c.name]; {
			case got == nil:
				continue
			case got.Failed != "":
				text = "failed: " + got.Failed
			case got.Lacks != "":
				text = "takes no part: " + got.Lacks
			default:
				continue
			}
			if why[text] == nil {
				order = append(order, text)
			}
			why[text] = append(why[text], c.name)
		}
		for _, text := range order {
			if len(why[text]) == len(e.columns) {
				lines = append(lines, fmt.Sprintf("%s %s", row, text))
			} else {
				lines = append(lines, fmt.Sprintf("%s in %s %s", row, strings.Join(why[text], "; "), text))
			}
		}
	}
	return lines
}
