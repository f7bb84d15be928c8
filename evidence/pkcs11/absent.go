//go:build !pkcs11

package pkcs11

import (
	"context"
	"fmt"

	"github.com/picketsec/picket/evidence"
)

// Signer signs with a key in a token. This build has none.
type Signer struct{ evidence.Signer }

// Open says that this build has no PKCS#11.
func Open(*URI, func(string) string) (*Signer, error) { return nil, ErrNotBuilt }

// Sign says that this build has no PKCS#11.
func (*Signer) Sign(context.Context, []byte) ([]byte, error) {
	return nil, fmt.Errorf("sign: %w", ErrNotBuilt)
}

// Close does nothing.
func (*Signer) Close() error { return nil }
