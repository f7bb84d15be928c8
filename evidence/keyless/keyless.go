// Package keyless verifies and makes signatures by short-lived certificates of a Sigstore instance, whose identity is an
// account of an identity provider. It is for signers without keys of their own. Verifying needs no network, only the
// instance's trust root; signing talks to exactly the services that the caller names.
package keyless

import (
	_ "github.com/sigstore/sigstore-go/pkg/bundle"
	_ "github.com/sigstore/sigstore-go/pkg/root"
	_ "github.com/sigstore/sigstore-go/pkg/sign"
	_ "github.com/sigstore/sigstore-go/pkg/verify"
	_ "github.com/sigstore/timestamp-authority/v2/pkg/verification"
)
