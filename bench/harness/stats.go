package main

import "slices"

// median returns the middle of values, the mean of the two middle ones if their
// number is even, and with it the lowest and highest. There must be at least one.
func median(values []float64) (mid, low, high float64) {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	mid = v[n/2]
	if n%2 == 0 {
		mid = (v[n/2-1] + v[n/2]) / 2
	}
	return mid, v[0], v[n-1]
}
