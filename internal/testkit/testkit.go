// Package testkit holds what tests of several packages share. Its subfolders make samples; this package says what a test
// does when an optional tool is missing. It is for tests only and inspects nothing.
package testkit

import (
	"os"
	"testing"
)

// Missing skips a test because an optional tool is not there, and says why. Where PICKET_NO_SKIP is set, as in continuous
// integration, it fails the test instead: there everything is installed.
func Missing(t testing.TB, why string, args ...any) {
	t.Helper()
	if os.Getenv("PICKET_NO_SKIP") != "" {
		t.Fatalf("PICKET_NO_SKIP is set, and "+why, args...)
	}
	t.Skipf("SKIPPED: "+why, args...)
}
