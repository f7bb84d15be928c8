//go:build !pkcs11

package pkcs11

import (
	"errors"
	"strings"
	"testing"
)

func TestThisBuildSaysHowToBuildAnother(t *testing.T) {
	_, err := Open(&URI{Object: "a"}, func(string) string { return "" })
	if !errors.Is(err, ErrNotBuilt) || !strings.Contains(err.Error(), "-tags pkcs11") || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}
