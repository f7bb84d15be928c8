package filelock

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestLockKeepsOthersOut: a second holder waits for the first, also within one process, because each opens the file anew.
func TestLockKeepsOthersOut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, second := open(), open()
	defer first.Close()
	defer second.Close()
	unlock, err := Lock(first)
	if err != nil {
		t.Fatal(err)
	}
	var released atomic.Bool
	done := make(chan bool)
	go func() {
		again, err := Lock(second)
		if err == nil {
			again()
		}
		done <- err == nil && released.Load()
	}()
	released.Store(true)
	unlock()
	if !<-done {
		t.Error("the second lock was given before the first was released, or not at all")
	}
}
