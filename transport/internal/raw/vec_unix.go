//go:build unix && !linux

package raw

func (v *Vec) write(fd int) (int, error) {
	n, err := write(fd, v.flat)
	if n > 0 {
		v.flat = v.flat[n:]
	}
	return n, err
}
