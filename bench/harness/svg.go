package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Plots are SVG written by hand: bars for contenders on a logarithmic scale, a
// group for each workload; curves where the workload is a number.

const (
	plotWidth   = 860
	plotHeight  = 300
	plotLeft    = 70
	plotTop     = 16
	plotBottom  = 44 // under the axis
	legendWidth = 130
)

// colours are one for each row, in order; the first two stand out.
var colours = []string{
	"#b2182b", "#ef6548", "#fdae61", "#d8b365", "#8c510a", "#2166ac", "#1a9850", "#762a83", "#5aae61", "#35978f", "#80cdc1", "#888888",
}

// draw makes the plot of one metric of an experiment; "" if it has none.
func draw(e *experiment, t *tableResult, m metric) string {
	s := collect(e, t, m)
	if e.plot == noPlot || !m.ratio || len(s.series) == 0 {
		return ""
	}
	var p picture
	p.begin(fmt.Sprintf("%s: %s", e.title, m.title))
	y := p.yAxis(s.low, s.high, m)
	if e.plot == curvePlot {
		p.curves(s, y)
	} else {
		p.bars(s, y)
	}
	for i, row := range s.series {
		p.legend(i, row.name)
	}
	return p.end()
}

// A plotted is what a plot shows.
type plotted struct {
	columns   []column
	series    []series
	low, high float64
}

type series struct {
	name   string
	values []float64 // by column; NaN: none
}

func collect(e *experiment, t *tableResult, m metric) plotted {
	s := plotted{low: math.Inf(1), high: 0}
	for _, c := range e.columns {
		if shows(e, t, c, m) {
			s.columns = append(s.columns, c)
		}
	}
	for _, row := range e.rows {
		line, any := series{name: row}, false
		for _, c := range s.columns {
			v := math.NaN()
			if values := t.Cells[row][c.name].values(m.key); len(values) > 0 {
				v, _, _ = median(values)
			}
			if v > 0 {
				s.low, s.high, any = min(s.low, v), max(s.high, v), true
			}
			line.values = append(line.values, v)
		}
		if any {
			s.series = append(s.series, line)
		}
	}
	return s
}

// A picture is an SVG under way.
type picture struct{ strings.Builder }

func (p *picture) begin(title string) {
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(p, "<title>%s</title>\n", html.EscapeString(title))
	fmt.Fprintf(p, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
}

func (p *picture) end() string {
	p.WriteString("</svg>\n")
	return p.String()
}

func (p *picture) text(x, y float64, anchor, s string) {
	fmt.Fprintf(p, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="#333">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
}

// yAxis draws the scale, decades from below low to above high, and returns where
// a value is on it.
func (p *picture) yAxis(low, high float64, m metric) func(v float64) float64 {
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if from == to {
		from--
	}
	const height = plotHeight - plotTop - plotBottom
	y := func(v float64) float64 {
		return plotTop + height*(1-(math.Log10(v)-from)/(to-from))
	}
	for decade := from; decade <= to; decade++ {
		at := y(math.Pow(10, decade))
		fmt.Fprintf(p, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, at, plotWidth-legendWidth, at)
		p.text(plotLeft-6, at+4, "end", m.format(math.Pow(10, decade)))
	}
	return y
}

const floor = plotHeight - plotBottom

func (p *picture) bars(s plotted, y func(float64) float64) {
	group := float64(plotWidth-legendWidth-plotLeft) / float64(len(s.columns))
	width := group * 0.85 / float64(len(s.series))
	for i, c := range s.columns {
		left := plotLeft + group*(float64(i)+0.075)
		for j, row := range s.series {
			if v := row.values[i]; v > 0 {
				fmt.Fprintf(p, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n",
					left+width*float64(j), y(v), width*0.9, floor-y(v), colour(j))
			}
		}
		p.text(plotLeft+group*(float64(i)+0.5), floor+16, "middle", c.name)
	}
}

func (p *picture) curves(s plotted, y func(float64) float64) {
	last := s.columns[len(s.columns)-1].x
	const right = plotWidth - legendWidth - 20
	x := func(v float64) float64 {
		return plotLeft + 10 + (right-plotLeft-10)*math.Log1p(v)/math.Log1p(last)
	}
	for _, c := range s.columns {
		p.text(x(c.x), floor+16, "middle", c.name)
	}
	for j, row := range s.series {
		var points []string
		for i, v := range row.values {
			if v > 0 {
				points = append(points, fmt.Sprintf("%.1f,%.1f", x(s.columns[i].x), y(v)))
			}
		}
		fmt.Fprintf(p, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour(j))
	}
}

func (p *picture) legend(i int, name string) {
	y := float64(plotTop + 16*i)
	fmt.Fprintf(p, `<rect x="%d" y="%.1f" width="10" height="10" fill="%s"/>`+"\n", plotWidth-legendWidth+12, y, colour(i))
	p.text(plotWidth-legendWidth+28, y+9, "start", name)
}

func colour(i int) string { return colours[i%len(colours)] }
