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

// ratio returns how values are to others: the median of what they are round by
// round, since the machine is now faster and now slower for minutes at a time;
// where not both were measured in each round, that of their medians. There must be
// at least one of either.
func ratio(values, others []float64) float64 {
	if len(values) != len(others) {
		v, _, _ := median(values)
		o, _, _ := median(others)
		return v / o
	}
	each := make([]float64, len(values))
	for i := range values {
		each[i] = values[i] / others[i]
	}
	mid, _, _ := median(each)
	return mid
}
