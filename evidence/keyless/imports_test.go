package keyless

import (
	_ "github.com/sigstore/sigstore-go/pkg/testing/ca"
)
