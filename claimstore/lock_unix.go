//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package claimstore

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until no other process appends. The kernel releases it when the process ends, however it ends.
func lock(f *os.File) (unlock func(), err error) {
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, nil // closing releases it as well
}
