//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

// Package filelock keeps two processes from changing the same file at once. The lock is advisory, belongs to the open file,
// and ends with the process. It is for stores on a local disk; it does not protect against programs that do not ask.
package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Lock waits until no other process holds the lock of a file. The kernel releases it when the process ends, however it ends.
func Lock(f *os.File) (unlock func(), err error) {
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
