package events

// padAligned makes the length of a frame, its header of 9 bytes included, a
// multiple of 8 bytes. Padding of k bytes takes k+1, so that one byte more is
// only to be had by nine.
func padAligned(n, max int) int {
	switch short := (8 - (n+9)%8) % 8; short {
	case 0:
		return 0
	case 1:
		return min(max, 8)
	default:
		return min(max, short-1)
	}
}
