package main

import (
	"fmt"
	"strings"
)

// weave tells, for a warp thread and a weft thread, which of them is on top.
type weave func(x, y int) (warpUp bool)

func plain(x, y int) bool  { return (x+y)%2 == 0 }
func twill(x, y int) bool  { return (x+y)%4 < 2 }
func basket(x, y int) bool { return (x/2+y/2)%2 == 0 }
func satin(x, y int) bool  { return (x+3*y)%8 != 0 }
func herringbone(x, y int) bool {
	if x%8 < 4 {
		return (x+y)%4 < 2
	}
	return (7-x%8+y+1)%4 < 2
}

// swatch draws a piece of a cloth as SVG: eight threads by eight, which repeat.
func swatch(c *cloth) []byte {
	const threads, size = 8, 10
	var b strings.Builder
	side := threads * size
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 360" role="img" aria-label=%q>`, c.Name)
	fmt.Fprintf(&b, `<pattern id="p" width="%d" height="%d" patternUnits="userSpaceOnUse"><rect width="%[1]d" height="%[2]d" fill="#1d1a17"/>`, side, side)
	for y := range threads {
		for x := range threads {
			// A thread that is on top is a little longer than its place is wide.
			colour, w, h := c.weft[y%len(c.weft)], size, size-1
			if c.weave(x, y) {
				colour, w, h = c.warp[x%len(c.warp)], size-1, size
			}
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="2" fill="%s"/>`, x*size, y*size, w, h, colour)
		}
	}
	b.WriteString(`</pattern><rect width="480" height="360" fill="url(#p)"/></svg>`)
	return []byte(b.String())
}
