//go:build unix

package peers

import (
	"os/exec"
	"syscall"
)

// ownGroup makes cmd the first of a process group, so that killGroup ends its
// children too.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
