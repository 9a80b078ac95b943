//go:build linux && (amd64 || 386 || arm)

package tcp

// soReusePort is younger than what package syscall knows of these systems.
const soReusePort = 0xf
