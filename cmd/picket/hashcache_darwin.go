package main

import (
	"io/fs"
	"syscall"
)

// fileIdentity is the device, the inode and the time of the last change of a file's data or attributes, which no program
// sets at will.
func fileIdentity(info fs.FileInfo) (device, inode uint64, changed int64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), s.Ino, s.Ctimespec.Nano()
	}
	return 0, 0, 0
}
