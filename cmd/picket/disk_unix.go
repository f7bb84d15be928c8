//go:build linux || darwin

package main

import "syscall"

// freeSpace is the number of bytes that this user may still write below a folder.
func freeSpace(dir string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
